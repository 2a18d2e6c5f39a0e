"""Random streams: one per chain, whatever runs beside it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import kstest

from analysis.sampling.settings import MAX_CHAINS
from analysis.sampling.streams import MAX_STREAM, NoiseStreams, stream_seed


def test_no_two_chains_of_a_run_share_a_seed():
    seeds = {stream_seed(7, step, chain) for step in range(0, 1001, 10) for chain in range(256)}
    assert len(seeds) == 101 * 256
    assert stream_seed(7, 3, 4) != stream_seed(8, 3, 4)
    assert stream_seed(7, 3, 4, purpose=0) != stream_seed(7, 3, 4, purpose=1)


@pytest.mark.parametrize(("stream", "chain"), [(MAX_STREAM, 0), (0, MAX_CHAINS), (-1, 0)])
def test_out_of_range_is_refused(stream, chain):
    with pytest.raises(ValueError, match="allowed"):
        stream_seed(0, stream, chain)


def test_noise_is_standard_normal_and_independent_between_chains():
    streams = NoiseStreams([stream_seed(0, 0, c) for c in range(4)], 250, 2.0, torch.device("cpu"))
    noise = torch.stack([streams.next().clone() for _ in range(200)], 1).flatten(1).numpy() / 2
    for chain in noise:
        assert kstest(chain, "norm").pvalue > 1e-3
    correlation = np.corrcoef(noise) - np.eye(4)
    assert np.abs(correlation).max() < 4.5 / np.sqrt(noise.shape[1])
    along = np.mean(noise[:, :-1] * noise[:, 1:])
    assert abs(along) < 4.5 / np.sqrt(noise.size)


def test_a_chain_draws_the_same_noise_alone_and_in_company():
    cpu = torch.device("cpu")
    alone, company = NoiseStreams([5], 33, 1.0, cpu), NoiseStreams([9, 5, 2], 33, 1.0, cpu)
    for _ in range(100):
        torch.testing.assert_close(alone.next()[0], company.next()[1], rtol=0, atol=0)
