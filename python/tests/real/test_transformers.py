"""Traces of transformers' models agree with what transformers computed for the golden checkpoints."""

import json
from pathlib import Path

import jax.numpy as jax
import numpy
import pytest
import torch
import transformers
from safetensors.numpy import load_file

import headlight
from headlight import head_view
from headlight.neuron_view import show

GOLDEN = Path(__file__).parents[3] / "tests/fixtures/golden"
# TransformerLens's own models; transformers has no class for them.
CHECKPOINTS = sorted(
    folder.name for folder in GOLDEN.iterdir() if "architectures" in json.loads((folder / "config.json").read_text())
)
# Models that do not use transformers' table of attention functions.
OUTSIDE = {"bloom", "gpt_neo", "mpnet"}
PARTS = {
    "attentions": "blocks.{}.attn",
    "encoder_attentions": "encoder.{}.attn",
    "decoder_attentions": "decoder.{}.attn",
    "cross_attentions": "decoder.{}.cross_attn",
}


def opened(name, **arguments):
    kind = json.loads((GOLDEN / name / "config.json").read_text())["architectures"][0]
    model = getattr(transformers, kind).from_pretrained(GOLDEN / name, **arguments)
    return model, transformers.PreTrainedTokenizerFast(tokenizer_file=str(GOLDEN / name / "tokenizer.json"))


def traced(name, **arguments):
    model, tokenizer = opened(name, **arguments)
    case = json.loads((GOLDEN / name / "expected.json").read_text())["cases"][0]
    key = "target" if model.config.is_encoder_decoder else "text_pair"
    return headlight.trace(model, tokenizer, case["text"], **{key: case["text_pair"]}), case


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_patterns_are_those_of_transformers(name):
    arguments = {"attn_implementation": "eager"} if name in OUTSIDE else {}
    trace, case = traced(name, **arguments)
    assert trace.tokens == case["tokens"]
    expected = load_file(GOLDEN / name / "expected.safetensors")
    n_compared = 0
    for key, values in expected.items():
        part, _, layer = key.removeprefix("case0.").rpartition(".")
        if key.startswith("case0.") and part in PARTS:
            found = trace.tensors[PARTS[part].format(layer) + ".hook_pattern"]
            numpy.testing.assert_allclose(found, values.reshape(found.shape), atol=1e-4)
            n_compared += 1
    assert n_compared == sum("hook_pattern" in name for name in trace.tensors) > 0


@pytest.mark.parametrize("name", [name for name in CHECKPOINTS if name not in OUTSIDE])
def test_scores_are_products_of_queries_and_keys_up_to_what_is_added_to_them(name):
    trace, _ = traced(name)
    for pattern in [name for name in trace.tensors if name.endswith("hook_pattern")]:
        start = pattern.removesuffix("hook_pattern")
        scores = trace.tensors[start + "hook_attn_scores"]
        exp = numpy.exp(scores - scores.max(axis=-1, keepdims=True))
        numpy.testing.assert_allclose(exp / exp.sum(axis=-1, keepdims=True), trace.tensors[pattern], atol=1e-5)
        q, k = (trace.tensors.get(f"{start}hook_rot_{x}", trace.tensors.get(f"{start}hook_{x}")) for x in "qk")
        k = k.repeat(q.shape[1] // k.shape[1], axis=1)
        product = numpy.einsum("qhd,khd->hqk", q, k)[numpy.isfinite(scores)]
        # A cap bends and a bias by distance shifts; both leave the order of most pairs.
        least = 0.9 if name.startswith(("t5", "gemma2")) else 0.9999
        assert numpy.corrcoef(product, scores[numpy.isfinite(scores)])[0, 1] > least, start


@pytest.mark.parametrize("name", ["gpt2", "bert", "llama", "qwen3"])
def test_projections_are_the_golden_ones(name):
    trace, _ = traced(name)
    expected = load_file(GOLDEN / name / "expected.safetensors")
    for kind in "qkv":
        found = trace.tensors[f"blocks.1.attn.hook_{kind}"]
        numpy.testing.assert_allclose(found.ravel(), expected[f"case0.{kind}.1"].ravel(), atol=1e-4)


def test_the_model_is_left_as_it_was():
    model, tokenizer = opened("llama", attn_implementation="sdpa")
    model.train()
    headlight.trace(model, tokenizer, "The cat")
    assert model.training
    assert model.config._attn_implementation == "sdpa"
    assert not any(module._forward_hooks for module in model.modules())
    with pytest.raises(ValueError, match="target: expected a model with encoder and decoder, found LlamaForCausalLM"):
        headlight.trace(model, tokenizer, "The cat", target="a")
    with pytest.raises(ValueError, match="text: expected a text, found ''"):
        headlight.trace(model, tokenizer, "")


def test_two_bytes_pairs_without_borders_and_written_targets():
    model, tokenizer = opened("gpt2", dtype=torch.bfloat16)
    trace = headlight.trace(model, tokenizer, "The cat sat", "on the mat")
    assert trace.tokens == tokenizer.convert_ids_to_tokens(tokenizer("The cat sat on the mat")["input_ids"])
    assert trace.about["segments"] == [0, trace.tokens.index("\u0120on")]
    assert trace.pattern(0).dtype == numpy.float32
    model, tokenizer = opened("marian")
    written = headlight.trace(model, tokenizer, "The cat sat").decoder_tokens
    expected = model.generate(**tokenizer("The cat sat", return_tensors="pt", return_token_type_ids=False),
                              do_sample=False, num_beams=1, max_new_tokens=32)
    assert written == tokenizer.convert_ids_to_tokens(expected[0][:-1])


def test_sinks_and_layers_without_attention():
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_file=str(GOLDEN / "llama/tokenizer.json"))
    sizes = dict(vocab_size=384, hidden_size=24, num_attention_heads=4, num_key_value_heads=2, intermediate_size=32)
    torch.manual_seed(0)
    config = transformers.GptOssConfig(**sizes, num_hidden_layers=2, head_dim=8, num_local_experts=2, num_experts_per_tok=1)
    model = transformers.GptOssForCausalLM(config)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    trace = headlight.trace(model, tokenizer, "The cat sat")
    assert trace.about["row_sums"] == "sinks"
    assert trace.pattern(0).sum(axis=-1).max() < 1
    kinds = ["conv", "full_attention", "conv", "full_attention"]
    hybrid = transformers.Lfm2ForCausalLM(transformers.Lfm2Config(**sizes, num_hidden_layers=4, layer_types=kinds))
    assert headlight.trace(hybrid, tokenizer, "The cat sat").layers() == [1, 3]
    mamba = transformers.MambaForCausalLM(transformers.MambaConfig(vocab_size=384, hidden_size=24, num_hidden_layers=1))
    with pytest.raises(ValueError, match="MambaForCausalLM: expected a model that returns its attention, found none"):
        headlight.trace(mamba, tokenizer, "The cat sat")


def test_arrays_of_torch_and_jax_are_drawn():
    model, tokenizer = opened("bert", attn_implementation="eager")
    inputs = tokenizer("The cat sat", return_tensors="pt")
    attention = model(**inputs, output_attentions=True).attentions
    tokens = tokenizer.convert_ids_to_tokens(inputs["input_ids"][0])
    expected = attention[1][0].detach().numpy()
    stacked = torch.stack(attention)
    as_jax = [jax.asarray(each.detach().numpy()) for each in attention]
    for form in (attention, stacked, as_jax, jax.stack(as_jax)):
        found = head_view(form, tokens, html_action="return").trace.pattern(1)
        numpy.testing.assert_allclose(found, expected, atol=1e-6)
    for form in (stacked.bfloat16(), jax.stack(as_jax).astype("bfloat16"), stacked.half()):
        found = head_view(form, tokens, html_action="return").trace.pattern(1)
        numpy.testing.assert_allclose(found, expected, atol=4e-3)
    not_eager, _ = opened("bert", attn_implementation="sdpa")
    with pytest.raises(ValueError, match='attn_implementation="eager"'):
        head_view([None] * 3, tokens, html_action="return")


def test_the_neuron_view_needs_queries_and_keys():
    model, tokenizer = opened("bert")
    view = show(model, "bert", tokenizer, "The cat sat", "The cat lay", display_mode="light", layer=1, head=2, html_action="return")
    assert view.link == "view=neuron&theme=light&layer=1&heads=2"
    assert view.trace.about["segments"] == [0, view.trace.tokens.index("[SEP]") + 1]
    bloom, tokenizer = opened("bloom", attn_implementation="eager")
    with pytest.raises(ValueError, match="BloomForCausalLM: expected a model whose queries and keys can be read"):
        show(bloom, "bloom", tokenizer, "The cat", html_action="return")
