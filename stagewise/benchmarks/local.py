"""A local posterior of the default language model, sampled by this sampler and by the peer's."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from analysis.losses.tokens import LanguageModelLoss, stacked_parameters
from analysis.sampling.posterior import Draws, sample_posterior
from analysis.sampling.settings import PosteriorConfig
from models.corpora.corpus import Corpus, controlled_corpus
from models.language.model import build_model, on_device, token_losses
from models.language.training import LanguageTrainer
from stagewise.benchmarks.toy import peer_library
from stagewise.config.language import LanguageModelConfig

TRAINED = 100  # steps before the checkpoint that is sampled


@dataclass(frozen=True)
class Local:
    """What both sample: a checkpoint, its training and evaluation sequences, a posterior.

    Attributes:
        model: at the checkpoint.
        corpus: batches are drawn from its training sequences; its evaluation tokens are observed.
        posterior: and how it is sampled.
        device: to compute on.
        threads: CPU threads.
    """

    model: torch.nn.Module
    corpus: Corpus
    posterior: PosteriorConfig
    device: str
    threads: int

    @classmethod
    def trained(
        cls, settings: LanguageModelConfig, sequences: int, *, device: str, threads: int
    ) -> Local:
        """The default's checkpoint after `TRAINED` steps, with so many evaluation sequences."""
        corpus = controlled_corpus(
            settings.grammar, context=settings.context, training=4096, evaluation=sequences, seed=0
        )
        sizes = {"vocabulary": settings.grammar.vocabulary_size, "context": settings.context}
        torch.set_num_threads(threads)
        model = on_device(build_model(settings.network, **sizes, seed=0), device)
        LanguageTrainer(model, corpus, settings.training).train(TRAINED)
        return cls(model, corpus, settings.posterior, device, threads)

    def first(self, sequences: int) -> Local:
        """The same on the first so many evaluation sequences."""
        few = replace(self.corpus, evaluation=self.corpus.evaluation.first(sequences))
        return replace(self, corpus=few)

    def with_settings(self, **changes: object) -> Local:
        """The same with other settings of the posterior."""
        return replace(self, posterior=self.posterior.model_copy(update=changes))

    @property
    def loss(self) -> LanguageModelLoss:
        """The losses as our sampler takes them."""
        tokens = self.corpus.training.long(), self.corpus.evaluation.tokens
        return LanguageModelLoss(self.model, *tokens)  # type: ignore[arg-type]

    def ours(self, seed: int = 0) -> tuple[float, Draws]:
        """Seconds of this sampler, and its draws."""
        loss, begin = self.loss, time.perf_counter()
        draws = sample_posterior(
            loss, stacked_parameters(loss.model), self.posterior, seed=seed,
            n_samples=len(self.corpus.training), observe=loss.observe, threads=self.threads,
            device=self.device,
        )  # fmt: skip
        return time.perf_counter() - begin, draws

    def peer(self, output: Path, seed: int = 0) -> float:
        """Seconds of devinterp's plain SGLD; its traces are written to `output`."""
        posterior = self.posterior
        with peer_library() as (Dataset, sample):
            training, evaluation = (
                Dataset.from_dict({"input_ids": tokens.tolist()}).with_format("torch")
                for tokens in (self.corpus.training, self.corpus.evaluation.tokens)
            )
            assert posterior.batch_size is not None
            batches = len(self.corpus.evaluation.tokens) // posterior.batch_size
            begin = time.perf_counter()
            sample(
                self.model,
                training,
                {"evaluation": (evaluation, batches)},
                lr=posterior.step_size,
                n_beta=posterior.nbeta,
                localization=posterior.gamma,
                num_chains=posterior.chains,
                num_draws=posterior.draws,
                num_burnin_steps=posterior.burn_in,
                num_steps_bw_draws=posterior.thinning,
                batch_size=posterior.batch_size,
                num_init_loss_batches=1,
                init_seed=seed,
                loss_fn=token_losses,
                device=self.device,
                output_path=output,
            )
            return time.perf_counter() - begin
