"""Attention of transformer language models, in notebooks and files.

``head_view``, ``model_view`` and ``headlight.neuron_view.show`` take the arguments of BertViz 1.4. ``trace`` records a run
of a Hugging Face model; ``from_transformer_lens`` and ``from_nnsight`` take those of other libraries. ``show`` draws a trace
in a notebook; ``save``, ``load`` and ``to_html`` work with files.
"""

from . import neuron_view
from .bertviz import head_view, model_view
from .hugging_face import trace
from .lens import from_transformer_lens
from .nnsight import from_nnsight
from .traces import Trace, load, save
from .views import View, show, to_html

__all__ = [
    "Trace",
    "View",
    "from_nnsight",
    "from_transformer_lens",
    "head_view",
    "load",
    "model_view",
    "neuron_view",
    "save",
    "show",
    "to_html",
    "trace",
]
