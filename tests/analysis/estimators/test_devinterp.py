"""Agreement with devinterp 2.0.1: the same sampler, the opposite sign."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from scipy.stats import t

from analysis.estimators.bif import bayesian_influence
from analysis.losses.tokens import LanguageModelLoss, stacked_parameters
from analysis.losses.toy import LinearNetworkLoss
from analysis.sampling.diagnostics import local_learning_coefficient
from analysis.sampling.posterior import sample_posterior
from analysis.sampling.settings import PosteriorConfig
from models.corpora.corpus import controlled_corpus
from models.corpora.grammar import Grammar
from models.language.model import build_model, token_losses
from models.language.settings import Network, Training
from models.language.training import LanguageTrainer
from models.toy.linear_network import Weights, random_weights
from models.toy.training import train

pytest.importorskip("devinterp")
NBETA, GAMMA, STEP = 80.0, 1000.0, 2e-4


@pytest.fixture
def trained(targets):
    weights = train(random_weights(8, 15, 16, 0.01, 0), targets, [440], learning_rate=0.05)
    return Weights(weights.W1[0], weights.W2[0])


@pytest.mark.parametrize("method", ["none", "rmsprop"])
def test_noise_free_paths_agree(trained, targets, method):
    # Step for step: any difference in drift, scale or preconditioner shows at once.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from devinterp.optim import SGMCMC

        from stagewise.benchmarks.toy import PeerModel, peer_losses

        model = PeerModel(trained, targets)
        make = SGMCMC.sgld if method == "none" else SGMCMC.rmsprop_sgld
        options = {"lr": STEP, "nbeta": NBETA, "localization": GAMMA, "noise_level": 0.0}
        peer = make(model.parameters(), **options)
    tokens = torch.arange(8)[:, None].expand(8, 2)
    expected = []
    for _ in range(40):
        peer.zero_grad()
        peer_losses(model, tokens).mean().backward()
        peer.step()
        expected.append(peer_losses(model, tokens)[:, 0].detach())
    config = PosteriorConfig(
        nbeta=NBETA, gamma=GAMMA, step_size=STEP, chains=1, draws=40, burn_in=0,
        preconditioner=method, rmsprop_decay=0.99, rmsprop_epsilon=0.1,
    )  # fmt: skip
    ours = sample_posterior(
        LinearNetworkLoss(targets.float()),
        {name: w[None] for name, w in trained._asdict().items()},
        config, seed=0, noise=0.0,
    ).losses[0, 0]  # fmt: skip
    torch.testing.assert_close(ours, torch.stack(expected), rtol=2e-5, atol=1e-7)


def test_sampled_influence_is_minus_devinterps_covariance(trained, targets, tmp_path, monkeypatch):
    monkeypatch.setenv("TQDM_DISABLE", "1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from datasets import Dataset
        from devinterp.slt.bif import compute_bif
        from devinterp.slt.sampling import sample

        from stagewise.benchmarks.toy import PeerModel, peer_losses

        data = Dataset.from_dict({"input_ids": [[k, k] for k in range(8)]}).with_format("torch")
        tree = sample(
            PeerModel(trained, targets), data, {"items": (data, 1)}, lr=STEP, n_beta=NBETA,
            localization=GAMMA, num_chains=3, num_draws=900, batch_size=8, shuffle=False,
            num_burnin_steps=50, num_init_loss_batches=1, loss_fn=peer_losses, device="cpu",
            output_path=tmp_path / "draws.zarr",
        )  # fmt: skip
        theirs = compute_bif(tree, loss_keys=["items"], correlation_method="sequence")
        order = tree["input_ids_items"].values[:, 0]
        place = np.argsort(order)
        traces = tree["loss_items"].values[..., 0][..., place]
    ours_on_theirs, _ = bayesian_influence(traces, normalized=True)
    correlation = np.squeeze(theirs["influences"].values)[
        np.ix_(np.argsort(order), np.argsort(order))
    ]
    # On the same draws: equal but for the sign (theirs is +Corr).
    np.testing.assert_allclose(ours_on_theirs, -correlation, atol=2e-3)
    # On our own draws: equal within the errors of both.
    config = PosteriorConfig(
        nbeta=NBETA, gamma=GAMMA, step_size=STEP, chains=32, draws=900, burn_in=50
    )
    draws = sample_posterior(
        LinearNetworkLoss(targets.float()),
        {name: w[None] for name, w in trained._asdict().items()}, config, seed=0,
    )  # fmt: skip
    a, ea = bayesian_influence(traces)
    b, eb = bayesian_influence(draws.losses[0].numpy())
    z = ((a - b) / np.hypot(ea, eb))[np.triu_indices(8)]
    assert np.abs(z).max() < t.isf(0.5e-3 / len(z), df=17)  # the peer's error: 18 blocks
    # dog and cat at step 440: positive (harmful) in our sign, negative in theirs.
    assert ours_on_theirs[0, 1] > 0 > correlation[0, 1]


def test_local_learning_coefficients_of_a_language_model_agree(tmp_path):
    # One checkpoint, the same SGLD on the same full batch, each with its own noise: z-score.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from datasets import Dataset
        from devinterp.slt.llc import compute_llc
        from devinterp.slt.sampling import sample

    corpus = controlled_corpus(Grammar(), context=16, training=32, evaluation=4, seed=0)
    model = build_model(Network(width=16), vocabulary=64, context=16, seed=0)
    # Close to a minimum on the very tokens that are sampled.
    LanguageTrainer(model, corpus, Training(steps=400, batch_size=32, learning_rate=0.01)).train(
        400
    )
    tokens, chains, draws = corpus.training.long(), 6, 300
    settings = {"nbeta": 500.0, "gamma": 1e4, "step_size": 4e-5}
    config = PosteriorConfig(**settings, chains=chains, draws=draws, burn_in=0, batch_size=32)
    loss = LanguageModelLoss(model.requires_grad_(False), tokens, tokens)
    ours = sample_posterior(
        loss, stacked_parameters(model), config, seed=0, n_samples=32, observe=loss.observe
    )
    value, error = local_learning_coefficient(ours, config)
    model.requires_grad_(True)
    data = Dataset.from_dict({"input_ids": tokens.tolist()}).with_format("torch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = sample(
            model, data, {"all": (data, 1)}, lr=settings["step_size"], n_beta=settings["nbeta"],
            localization=settings["gamma"], num_chains=chains, num_draws=draws, batch_size=32,
            num_init_loss_batches=1, shuffle=False, loss_fn=token_losses, device="cpu",
            output_path=tmp_path / "draws.zarr",
        )  # fmt: skip
        peer = compute_llc(tree)
    spread = float(peer.llc_per_chain.std(ddof=1)) / chains**0.5
    assert value > 20 * error  # there is something to compare
    assert abs(value - float(peer.llc_mean)) < 4 * np.hypot(error, spread)
    assert error < 0.05 * value
