"""Runs the blocks of docs/python.md as they stand there, in the folder given, with golden values where a model would be.

usage: docs.py docs/python.md tests/fixtures/golden FOLDER
"""

import json
import os
import re
import shutil
import sys
import types
from pathlib import Path

import numpy
from safetensors.numpy import load_file


# Stands for an id of the decoder, so that its tokens are told from the encoder's.
DECODER = 1_000

# Two letters that mean bytes in the alphabet of a byte-level tokenizer.
ADDED = "čÖ"


class Tensor:
    """What the blocks use of a torch tensor."""

    def __init__(self, array):
        self.array = numpy.asarray(array)

    def __getitem__(self, index):
        return Tensor(self.array[index])

    def __iter__(self):
        return (Tensor(row) for row in self.array)

    def detach(self):
        return self

    def float(self):
        return Tensor(self.array.astype("float32"))

    def cpu(self):
        return self

    def numpy(self):
        return self.array


def golden(folder, model, case=0):
    """The tensors of a case, and the case."""
    described = json.loads((folder / model / "expected.json").read_text())["cases"][case]
    tensors = load_file(folder / model / "expected.safetensors")
    prefix = described.get("prefix", f"case{case}.")
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}, described


def layers(tensors, name):
    found = [key for key in tensors if re.fullmatch(rf"{name}\.\d+", key)]
    assert found, f"no {name} among {sorted(tensors)[:20]}"
    in_order = sorted(found, key=lambda key: int(key.rsplit(".", 1)[1]))
    return tuple(Tensor(with_batch(tensors[key])) for key in in_order)


def with_batch(array):
    return array if array.ndim == 4 else array[None]


class Tokenizer:
    def __init__(self, tokens, added=()):
        self.tokens = tokens
        self.added = {token: 100_000 + index for index, token in enumerate(added)}

    def get_added_vocab(self):
        return self.added

    def __call__(self, text, return_tensors):
        assert return_tensors == "pt"
        return {"input_ids": Tensor([list(range(len(self.tokens[0])))])}

    def convert_ids_to_tokens(self, ids):
        return self.tokens[int(ids.array[0] >= DECODER)]


def fakes(folder):
    """Modules in the place of transformers and transformer_lens."""
    gpt2, gpt2_case = golden(folder, "gpt2")
    t5, t5_case = golden(folder, "t5")

    def model(tensors, names):
        outputs = types.SimpleNamespace(**{name: layers(tensors, name) for name in names})

        def call(output_attentions=False, **inputs):
            assert output_attentions and "input_ids" in inputs
            return outputs

        call._shift_right = lambda ids: Tensor([[DECODER] * len(t5_case["decoder_tokens"])])
        return call

    def loader(make):
        def from_pretrained(name, attn_implementation=None):
            assert attn_implementation == "eager"
            return make(name)

        return types.SimpleNamespace(from_pretrained=from_pretrained)

    # As if the last token had been added to the vocabulary, where it is text.
    with_added = [*gpt2_case["tokens"][:-1], ADDED]
    tokenizers = {
        "gpt2": Tokenizer([with_added], [ADDED, "<|endoftext|>"]),
        "t5-small": Tokenizer([t5_case["tokens"], t5_case["decoder_tokens"]]),
    }
    seq2seq = ("encoder_attentions", "decoder_attentions", "cross_attentions")
    transformers = types.ModuleType("transformers")
    transformers.AutoTokenizer = types.SimpleNamespace(from_pretrained=tokenizers.__getitem__)
    transformers.AutoModel = loader(lambda name: model(gpt2, ("attentions",)))
    transformers.AutoModelForSeq2SeqLM = loader(lambda name: model(t5, seq2seq))

    patterns = layers(gpt2, "attentions")
    n_heads, n_tokens = patterns[0].array.shape[1:3]
    cache = {"hook_embed": Tensor(numpy.zeros((1, n_tokens, 8)))}
    for layer, pattern in enumerate(patterns):
        cache[f"blocks.{layer}.attn.hook_pattern"] = pattern
        for name in "qkv":
            values = gpt2[f"{name}.{layer}"].reshape(1, n_tokens, n_heads, -1)
            cache[f"blocks.{layer}.attn.hook_{name}"] = Tensor(values)
    hooked = types.SimpleNamespace(
        run_with_cache=lambda text: (None, cache),
        to_str_tokens=lambda text: gpt2_case["tokens"],
        cfg=types.SimpleNamespace(model_name="gpt2"),
    )
    checkpoint = folder / "attn_only"
    config = json.loads((checkpoint / "config.json").read_text())
    attention_only = types.SimpleNamespace(
        state_dict=lambda: {name: Tensor(t) for name, t in load_file(checkpoint / "model.safetensors").items()},
        cfg=types.SimpleNamespace(to_dict=lambda: config | {"dtype": object(), "attn_types": ["global"]}),
        tokenizer=types.SimpleNamespace(save_pretrained=lambda to: shutil.copy(checkpoint / "tokenizer.json", to)),
    )
    lens = types.ModuleType("transformer_lens")
    models = {"gpt2": hooked, "attn-only-2l": attention_only}
    lens.HookedTransformer = types.SimpleNamespace(from_pretrained=models.__getitem__)
    return {"transformers": transformers, "transformer_lens": lens}


def main():
    document, golden_folder, work = map(lambda path: Path(path).resolve(), sys.argv[1:4])
    blocks = re.findall(r"^```python\n(.*?)^```", document.read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 7, f"{len(blocks)} blocks"
    # The one for notebooks is run in one, with the built page: tests/e2e/notebook.test.mjs.
    blocks = [block for block in blocks if "IPython" not in block]
    sys.modules.update(fakes(golden_folder))
    os.chdir(work)
    for block in blocks:
        n_lines = len([line for line in block.splitlines() if line.strip()])
        assert n_lines <= 16, f"a block of {n_lines} lines is too long to be typed"
        if "trace.safetensors" in block and not Path("trace.safetensors").exists():
            Path("trace.safetensors").write_bytes(Path("huggingface.safetensors").read_bytes())
        exec(compile(block, "docs/python.md", "exec"), {})


if __name__ == "__main__":
    main()
