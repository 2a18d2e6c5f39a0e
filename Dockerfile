# Both commands of the README in a container:
#
#   docker build --tag stagewise .
#   docker run --rm --volume "$PWD/results:/home/reader/stagewise/results" stagewise
#   docker run --rm stagewise make test
#
# The mounted folder must be writable for user 1000. A smaller image, with PyTorch for CPUs only: give
# the address of PyTorch's CPU wheels as --build-arg PIP_EXTRA_INDEX_URL=...
FROM python:3.11-slim-bookworm

# git and make for the build, chromium for the tests in a browser, fonts for what it draws.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends chromium fonts-dejavu-core git make \
    && rm -rf /var/lib/apt/lists/*

RUN useradd --create-home --uid 1000 reader
USER reader
WORKDIR /home/reader/stagewise

# The pinned packages are a layer of their own: a change of the code does not install them again.
ARG PIP_EXTRA_INDEX_URL
COPY --chown=reader requirements.lock ./
RUN python3 -m venv .venv \
    && .venv/bin/python -m pip install --quiet --no-cache-dir --requirement requirements.lock

COPY --chown=reader . .
RUN make environment && mkdir -p results

CMD ["make", "reproduce"]
