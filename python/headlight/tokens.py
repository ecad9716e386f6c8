"""How a tokenizer writes its tokens, so that the viewer can show spaces and bytes."""

# The letters by which byte-level tokenizers write bytes: the printable ones stand for themselves, the rest follow from 256.
PRINTABLE = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
BYTE_LETTERS = frozenset(map(chr, [*PRINTABLE, *range(0x100, 0x100 + 256 - len(PRINTABLE))]))

# Ends a word for tokenizers of XLM and CLIP.
WORD_END = "</w>"


def form_of(tokens):
    """The form in which tokens are written, read from the tokens."""
    if any("\u0120" in token or "\u010a" in token for token in tokens):
        return "byte_level"
    if any("\u2581" in token for token in tokens):
        return "sentencepiece"
    if any(token.startswith("##") and len(token) > 2 for token in tokens):
        return "wordpiece"
    return "plain"


def form_of_tokenizer(tokenizer, tokens):
    """The form in which a tokenizer writes tokens: from its own description where it has one, else from the tokens."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    decoder = type(getattr(backend, "decoder", None)).__name__
    if decoder == "ByteLevel":
        return "byte_level"
    if decoder == "WordPiece":
        return "wordpiece"
    if decoder in ("Metaspace", "Sequence") and form_of(tokens) != "byte_level":
        return "sentencepiece"
    return form_of(tokens)


def added(tokens, form, names=()):
    """The tokens that are text as they are although the others are written by bytes."""
    if form != "byte_level":
        return []
    names = set(names)
    return sorted({token for token in tokens if token in names or not BYTE_LETTERS.issuperset(token)})


def checked(tokens, what):
    """A list of texts."""
    if tokens is None:
        raise ValueError(f"'{what}' is required: a list with a text for each position")
    if isinstance(tokens, (str, bytes)):
        raise ValueError(f"{what}: expected a list with a text for each position, found one text")
    tokens = list(tokens)
    if not tokens:
        raise ValueError(f"{what}: expected at least one token, found none")
    for index, token in enumerate(tokens):
        if not isinstance(token, str):
            raise ValueError(
                f"{what}: expected texts, found {type(token).__name__} at position {index}; ids become texts by "
                "tokenizer.convert_ids_to_tokens"
            )
    return tokens


def prettified(tokens):
    """Tokens without the mark of a word's end, which no form has."""
    return [token.replace(WORD_END, "") or token for token in tokens]
