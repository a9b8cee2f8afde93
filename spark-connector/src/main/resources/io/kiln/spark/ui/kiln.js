// While a fit runs, its page fetches itself and takes over what is new.
(function () {
  var kiln = document.getElementById('kiln');
  function wait() {
    if (kiln.dataset.live) {
      setTimeout(look, Number(kiln.dataset.live));
    }
  }
  function look() {
    fetch(location.href, {credentials: 'same-origin'})
      .then(function (answer) { return answer.text(); })
      .then(function (text) {
        var fresh = new DOMParser().parseFromString(text, 'text/html').getElementById('kiln');
        if (fresh) {
          kiln.replaceWith(fresh);
          kiln = fresh;
        }
      })
      .finally(wait);
  }
  wait();
})();
