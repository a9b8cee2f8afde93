from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from tests.session import start


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    session = start("kiln-python")
    yield session
    session.stop()
