"""Parameters and multiply-adds (10^9) of well-known networks: python zoo.py > zoo.json

pip install torch==2.5.1 torchvision==0.20.1 timm==1.0.11

torchvision's numbers are those of its weights' metadata (num_params and _ops), which are published with the weights;
num_params is checked against the network that torchvision builds. timm's are counted in the network that it builds. Those of
networks that are no package are counted from their layers, which are written down here as their authors have them.
"""
import json

import timm
import torch
from torch import nn
from torchvision import models

VISION = ["alexnet", "vgg11", "vgg13", "vgg16", "vgg19", "vgg11_bn", "vgg13_bn", "vgg16_bn", "vgg19_bn", "resnet18",
          "resnet34", "resnet50", "resnet101", "resnet152", "mobilenet_v2", "mobilenet_v3_large", "mobilenet_v3_small",
          "densenet121", "densenet161", "densenet169", "densenet201", "squeezenet1_0", "squeezenet1_1",
          "efficientnet_b0", "ssd300_vgg16"]


def count(net):
    return sum(p.numel() for p in net.parameters())


def vision(name):
    meta = list(models.get_model_weights(name))[0].meta
    extra = {"weights_backbone": None} if name.startswith("ssd") else {}
    built = count(models.get_model(name, weights=None, **extra))
    assert built == meta["num_params"], (name, built, meta["num_params"])
    return {"parameters": built, "gigaMacs": meta["_ops"], "source": "torchvision 0.20.1"}


def inception():
    """Without the auxiliary classifier, which torchvision counts but does not run in predictions."""
    meta = models.Inception_V3_Weights.IMAGENET1K_V1.meta
    net = models.inception_v3(weights=None, aux_logits=True, init_weights=False)
    assert count(net) == meta["num_params"]
    return {"parameters": count(net) - count(net.AuxLogits), "gigaMacs": meta["_ops"],
            "source": "torchvision 0.20.1, without AuxLogits"}


def of(source, net):
    return {"parameters": count(net), "gigaMacs": 0, "source": source}


def mobilenet():
    """Table 1 of A. Howard et al., arXiv:1704.04861, with batch normalisation behind each convolution."""
    layers = [nn.Conv2d(3, 32, 3, bias=False), nn.BatchNorm2d(32)]
    channels = [32, 64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024]
    for a, b in zip(channels, channels[1:]):
        layers += [nn.Conv2d(a, a, 3, groups=a, bias=False), nn.BatchNorm2d(a)]
        layers += [nn.Conv2d(a, b, 1, bias=False), nn.BatchNorm2d(b)]
    return nn.Sequential(*layers, nn.Linear(1024, 1000))


def basic_v2(layers):
    """ResNet of basic blocks, pre-activation: K. He et al., arXiv:1603.05027. Projections stand alone."""
    net = [nn.Conv2d(3, 64, 7, bias=False)]
    width = 64
    for stage, n in enumerate(layers):
        for _ in range(n):
            out = 64 << stage
            net += [nn.BatchNorm2d(width), nn.Conv2d(width, out, 3, bias=False)]
            net += [nn.BatchNorm2d(out), nn.Conv2d(out, out, 3, bias=False)]
            if width != out:
                net.append(nn.Conv2d(width, out, 1, bias=False))
            width = out
    return nn.Sequential(*net, nn.BatchNorm2d(512), nn.Linear(512, 1000))


def generator():
    widths = [100, 512, 256, 128, 64]
    net = []
    for a, b in zip(widths, widths[1:]):
        net += [nn.ConvTranspose2d(a, b, 4, bias=False), nn.BatchNorm2d(b)]
    return nn.Sequential(*net, nn.ConvTranspose2d(64, 3, 4, bias=False))


def discriminator():
    net = [nn.Conv2d(3, 64, 4, bias=False)]
    for a in [64, 128, 256]:
        net += [nn.Conv2d(a, 2 * a, 4, bias=False), nn.BatchNorm2d(2 * a)]
    return nn.Sequential(*net, nn.Conv2d(512, 1, 4, bias=False))


def vae():
    sizes = [(784, 400), (400, 20), (400, 20), (20, 400), (400, 784)]
    return nn.Sequential(*[nn.Linear(a, b) for a, b in sizes])


def unet():
    """Biases of convolutions in front of a norm are left out: they change nothing."""
    def twice(a, b):
        return [nn.Conv2d(a, b, 3, bias=False), nn.BatchNorm2d(b), nn.Conv2d(b, b, 3, bias=False), nn.BatchNorm2d(b)]

    net = twice(3, 64)
    for a in [64, 128, 256, 512]:
        net += twice(a, 2 * a)
    for a in [1024, 512, 256, 128]:
        net += [nn.ConvTranspose2d(a, a // 2, 2), *twice(a, a // 2)]
    return nn.Sequential(*net, nn.Conv2d(64, 2, 1))


def lenet():
    return nn.Sequential(nn.Conv2d(1, 32, 5), nn.Conv2d(32, 64, 5), nn.Linear(1600, 512), nn.Linear(512, 10))


numbers = {}
for depth in (50, 101, 152):
    numbers[f"resnet{depth} v2"] = of("timm 1.0.11", timm.create_model(f"resnetv2_{depth}", pretrained=False))
with torch.device("meta"):
    numbers.update({name: vision(name) for name in VISION})
    numbers["inception_v3"] = inception()
    paper = "layers of arXiv:1603.05027"
    numbers["resnet18 v2"] = of(paper, basic_v2([2, 2, 2, 2]))
    numbers["resnet34 v2"] = of(paper, basic_v2([3, 4, 6, 3]))
    # Table 1 of the paper: 569 million multiply-adds, 4.2 million parameters.
    numbers["mobilenet v1"] = {**of("layers of arXiv:1704.04861", mobilenet()), "gigaMacs": 0.569}
    examples = "layers of github.com/pytorch/examples, "
    numbers["dcgan generator"] = of(examples + "dcgan", generator())
    numbers["dcgan discriminator"] = of(examples + "dcgan", discriminator())
    numbers["vae"] = of(examples + "vae", vae())
    numbers["unet"] = of("layers of github.com/milesial/Pytorch-UNet, not bilinear", unet())
    numbers["lenet"] = of("layers of the class's documentation", lenet())
print(json.dumps(numbers, indent=1))
