"""What tests of several rooms share: a PostgreSQL server, started for the first who asks, one a pytest process."""

from collections.abc import Iterator

import pytest

from tests.storage.cluster import Cluster, serving_cluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with serving_cluster() as here:
        yield here
