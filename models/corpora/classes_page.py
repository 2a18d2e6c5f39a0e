"""Token classes as a page for people: counts, examples and overlaps, as Markdown."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from models.corpora.documents import CorpusError
from models.corpora.labelling import Labeller, class_table, labeller_of, overlaps
from models.corpora.natural import Text
from models.corpora.token_classes import TokenClass
from models.corpora.tokenizer import token_ids
from models.storage.markdown import markdown_table


def classes_page(name: str, labeller: Labeller, tokens: torch.Tensor, text: Text) -> str:
    """The token classes of a corpus as a page: counts, examples, overlaps and licences.

    Args:
        name: of the corpus.
        labeller: which says the classes of tokens.
        tokens: held-out ids (passages, time + 2), the first and last of each are context only.
        text: whose tokens and documents are told of.

    Returns:
        a page in Markdown.
    """
    counted = f"{tokens[:, 1:-1].numel():,} held-out tokens of {len(tokens)} passages"
    licences = text.documents["licence"].value_counts()
    told = [f"- {said} ({n} documents)" for said, n in sorted(licences.items()) if said]
    return (
        f"# Token classes of {name}\n\n{len(text.training):,} training tokens, "
        f"{len(text.held_out):,} held out, {text.vocabulary:,} in the vocabulary; "
        f"{len(text.documents):,} documents. Counted in {counted}. Examples are the most frequent "
        "texts; of pairs, the token before comes first.\n\n"
        + _tables(tokens, labeller.membership(tokens), labeller)
        + ("\n## Licences\n\n" + "\n".join(told) + "\n" if told else "")
    )


def passage_page(
    classes: Mapping[str, TokenClass], text: Text, words: str
) -> tuple[str, list[str]]:
    """The token classes of one passage, and the classes that it has no token of.

    Args:
        classes: token classes by name.
        text: whose tokenizer and frequencies decide.
        words: the passage.

    Returns:
        a section in Markdown, and the names of the classes without a token in it.

    Raises:
        CorpusError: the passage has fewer than three tokens.
    """
    (ids,) = token_ids(text.tokenizer, [words])
    if len(ids) < 3:
        raise CorpusError(f"a passage of {len(ids)} tokens: at least 3")
    labeller, tokens = labeller_of(classes, text), torch.tensor([ids])
    member = labeller.membership(tokens)
    absent = [n for n, k in zip(labeller.names, member.sum((0, 1)).tolist(), strict=True) if not k]
    return _tables(tokens, member, labeller), absent


def _tables(tokens: torch.Tensor, member: torch.Tensor, labeller: Labeller) -> str:
    table = class_table(tokens, member, labeller).round({"share": 4})
    table["examples"] = [f"`` {cell} ``" for cell in table["examples"]]
    both = overlaps(member, labeller.names).reset_index(names="")
    shown = (markdown_table([*each.columns], each.to_numpy()) for each in (table, both))
    return "{}\n\n## Overlaps: tokens in both classes\n\n{}\n".format(*shown)
