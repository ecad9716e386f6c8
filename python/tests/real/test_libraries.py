"""TransformerLens and nnsight, as they come from the package index, give the traces that transformers' own models give."""

from pathlib import Path

import nnsight
import numpy
import pytest
import transformers
from transformer_lens.model_bridge import TransformerBridge

import headlight

GOLDEN = Path(__file__).parents[3] / "tests/fixtures/golden"
TEXT = "The cat sat on the mat"


def own(name):
    model = transformers.AutoModelForCausalLM.from_pretrained(GOLDEN / name, attn_implementation="eager")
    return model, transformers.AutoTokenizer.from_pretrained(GOLDEN / name)


@pytest.mark.parametrize("name", ["gpt2", "qwen3", "llama", "gpt_neox"])
def test_a_bridge_gives_the_names_and_numbers_of_the_model(name):
    bridge = TransformerBridge.boot_transformers(str(GOLDEN / name))
    _, cache = bridge.run_with_cache(TEXT, prepend_bos=False)
    trace = headlight.from_transformer_lens(cache, bridge)
    expected = headlight.trace(*own(name), TEXT)
    assert trace.tokens == expected.tokens, "read from the cache"
    # The bridge has no names for what partial rotation gives (GPT-NeoX).
    is_named = lambda hook: "attn_scores" not in hook and not (name == "gpt_neox" and "rot" in hook)
    assert set(trace.tensors) == set(filter(is_named, expected.tensors))
    for hook, values in trace.tensors.items():
        numpy.testing.assert_allclose(values, expected.tensors[hook], atol=1e-5, err_msg=hook)


def test_caches_that_cannot_be_drawn_are_refused():
    bridge = TransformerBridge.boot_transformers(str(GOLDEN / "gpt2"))
    _, cache = bridge.run_with_cache([TEXT, TEXT])
    with pytest.raises(ValueError, match="expected a batch of one, found a batch of 2"):
        headlight.from_transformer_lens(cache, bridge)
    _, cache = bridge.run_with_cache(TEXT, names_filter=lambda name: name.endswith("hook_z"))
    with pytest.raises(ValueError, match="found no pattern; call run_with_cache without names_filter"):
        headlight.from_transformer_lens(cache, bridge)


def test_nnsight_is_run_anew_or_gives_what_was_saved():
    loaded, tokenizer = own("gpt2")
    model = nnsight.LanguageModel(loaded, tokenizer=tokenizer)
    expected = headlight.trace(loaded, tokenizer, TEXT)
    assert set(headlight.from_nnsight(model, TEXT).tensors) == set(expected.tensors)
    with model.trace(TEXT):
        patterns = nnsight.save([block.attn.output[1] for block in model.transformer.h])
    trace = headlight.from_nnsight(model, TEXT, attention=patterns)
    assert sorted(trace.tensors) == [*(f"blocks.{layer}.attn.hook_pattern" for layer in range(3)), "input_ids"]
    numpy.testing.assert_allclose(trace.pattern(2), expected.pattern(2), atol=1e-6)
    with pytest.raises(ValueError, match="model: expected a LanguageModel of nnsight, found str"):
        headlight.from_nnsight("gpt2", TEXT)
