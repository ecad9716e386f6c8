"""Runs the blocks of docs/python.md as they stand there, in the folder given, with the real packages.

usage: docs.py docs/python.md tests/fixtures/golden FOLDER

Small checkpoints stand in the folder under the names of the models that the blocks load. HEADLIGHT_LENS3 is a folder with
TransformerLens 3, for the block that needs HookedTransformer.
"""

import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

BLOCKS = 11

# What a HookedTransformer computed, for the test that opens it as a checkpoint.
AND_RUN = """
import headlight
_, cache = model.run_with_cache("The cat sat on the mat")
headlight.from_transformer_lens(cache, model).save("hooked.safetensors")
"""


def models(golden, work):
    """Checkpoints under the names that the blocks load, from the folder in which they run."""
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    names = {"gpt2": "gpt2", "openai-community/gpt2": "gpt2", "bert-base-uncased": "bert", "t5-small": "t5"}
    special = {"bert": {"cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "mask_token": "[MASK]",
                        "model_input_names": ["input_ids", "token_type_ids", "attention_mask"]}}
    for name, of in names.items():
        folder = work / name
        folder.mkdir(parents=True)
        for file in ("config.json", "model.safetensors"):
            shutil.copy(golden / of / file, folder)
        if of == "gpt2":
            tokenizer = AutoTokenizer.from_pretrained(golden / of)
        else:
            file = str(golden / of / "tokenizer.json")
            tokenizer = PreTrainedTokenizerFast(tokenizer_file=file, **special.get(of, {"eos_token": "</s>", "pad_token": "<pad>"}))
        tokenizer.save_pretrained(folder)


def run_with_hooked_transformer(block):
    """A block in a process of its own, with the TransformerLens that has HookedTransformer, and a run of its model."""
    paths = [os.environ["HEADLIGHT_LENS3"], os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    subprocess.run([sys.executable, "-c", block + AND_RUN], env=environment, check=True)


def main():
    document, golden, work = map(lambda path: Path(path).resolve(), sys.argv[1:4])
    blocks = re.findall(r"^```python\n(.*?)^```", document.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert len(blocks) == BLOCKS, f"{len(blocks)} blocks"
    for block in blocks:
        n_lines = len([line for line in block.splitlines() if line.strip()])
        assert n_lines <= 16, f"a block of {n_lines} lines is too long to be typed"
    models(golden, work)
    os.chdir(work)
    for block in blocks:
        if "HookedTransformer" in block:
            run_with_hooked_transformer(block)
        # The one for notebooks is run in one, with the built page: tests/e2e/notebook.test.mjs.
        elif "IPython" not in block:
            # From a file, because nnsight reads its own source.
            Path("block.py").write_text(block, encoding="utf-8")
            runpy.run_path("block.py")


if __name__ == "__main__":
    main()
