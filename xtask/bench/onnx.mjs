// The shape of GPT-2 small as an ONNX model: random weights, a fixed number of tokens in, the logits of the last one out. Written
// field by field (onnx.proto), since that is all it takes.

const FLOAT = 1, INT64 = 7;
const D_MODEL = 768, D_HEAD = 64, N_HEADS = 12, N_LAYERS = 12, D_MLP = 3072, D_VOCAB = 50257;
const text = new TextEncoder();

// A piece is { parts: Uint8Array[], size }: large tensors are copied once, at the end.
const piece = (bytes) => ({ parts: [bytes], size: bytes.length });
const join = (pieces) => ({ parts: pieces.flatMap(({ parts }) => parts), size: pieces.reduce((sum, { size }) => sum + size, 0) });

function varint(value) {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes = [];
  do {
    bytes.push(Number(rest & 127n) | (rest > 127n ? 128 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return piece(Uint8Array.from(bytes));
}

const integer = (field, value) => join([varint(field * 8), varint(value)]);
const message = (field, ...pieces) => {
  const inner = join(pieces);
  return join([varint(field * 8 + 2), varint(inner.size), inner]);
};
const string = (field, value) => message(field, piece(text.encode(value)));
const float = (field, value) => join([varint(field * 8 + 5), piece(new Uint8Array(Float32Array.of(value).buffer))]);

const ints = (name, values) => message(5, string(1, name), ...values.map((value) => integer(8, value)), integer(20, 7));
const int = (name, value) => message(5, string(1, name), integer(3, value), integer(20, 2));
const real = (name, value) => message(5, string(1, name), float(2, value), integer(20, 1));

const node = (kind, inputs, outputs, attributes = [], domain = "") =>
  message(1, ...inputs.map((name) => string(1, name)), ...outputs.map((name) => string(2, name)), string(4, kind), ...attributes, string(7, domain));

const tensor = (name, kind, dims, data) =>
  message(5, ...dims.map((size) => integer(1, size)), integer(2, kind), string(8, name), message(9, piece(new Uint8Array(data.buffer))));

const value = (field, name, kind, dims) =>
  message(field, string(1, name), message(2, message(1, integer(1, kind), message(2, ...dims.map((size) => message(1, integer(1, size)))))));

let seed = 1;
function random(length) {
  const values = new Float32Array(length);
  for (let index = 0; index < length; index += 1) {
    seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
    values[index] = ((seed >> 8) / (1 << 23)) * 0.0346;
  }
  return values;
}

/** The bytes of a model that reads `nTokens` ids. */
export function gpt2Small(nTokens) {
  const nodes = [], tensors = [];
  const add = (kind, inputs, outputs, attributes, domain) => nodes.push(node(kind, inputs, outputs, attributes, domain));
  const weight = (name, ...dims) => {
    tensors.push(tensor(name, FLOAT, dims, random(dims.reduce((product, size) => product * size, 1))));
    return name;
  };
  const filled = (name, length, number) => {
    tensors.push(tensor(name, FLOAT, [length], new Float32Array(length).fill(number)));
    return name;
  };
  const shape = (name, ...dims) => {
    tensors.push(tensor(name, INT64, [dims.length], BigInt64Array.from(dims.map(BigInt))));
    return name;
  };
  const norm = (input, output) =>
    add("LayerNormalization", [input, filled(`${output}.weight`, D_MODEL, 1), filled(`${output}.bias`, D_MODEL, 0)], [output], [int("axis", -1), real("epsilon", 1e-5)]);
  const linear = (input, output, nIn, nOut) => {
    add("MatMul", [input, weight(`${output}.weight`, nIn, nOut)], [`${output}.product`]);
    add("Add", [`${output}.product`, filled(`${output}.bias`, nOut, 0)], [output]);
  };
  const mask = new Float32Array(nTokens * nTokens);
  for (let query = 0; query < nTokens; query += 1) mask.fill(-3.4e38, query * nTokens + query + 1, (query + 1) * nTokens);
  tensors.push(tensor("mask", FLOAT, [nTokens, nTokens], mask));
  tensors.push(tensor("scale", FLOAT, [1], Float32Array.of(1 / Math.sqrt(D_HEAD))));
  shape("by_head", nTokens, N_HEADS, D_HEAD);
  shape("by_token", nTokens, D_MODEL);

  add("Gather", [weight("embed", D_VOCAB, D_MODEL), "ids"], ["embedded"]);
  add("Add", ["embedded", weight("positions", nTokens, D_MODEL)], ["stream0"]);
  for (let layer = 0; layer < N_LAYERS; layer += 1) {
    const at = (name) => `${layer}.${name}`;
    norm(`stream${layer}`, at("norm1"));
    linear(at("norm1"), at("qkv"), D_MODEL, 3 * D_MODEL);
    add("Split", [at("qkv")], ["q", "k", "v"].map(at), [int("axis", 1), int("num_outputs", 3)]);
    for (const [name, order] of [["q", [1, 0, 2]], ["k", [1, 2, 0]], ["v", [1, 0, 2]]]) {
      add("Reshape", [at(name), "by_head"], [at(`${name}.heads`)]);
      add("Transpose", [at(`${name}.heads`)], [at(`${name}.turned`)], [ints("perm", order)]);
    }
    add("MatMul", [at("q.turned"), at("k.turned")], [at("product")]);
    add("Mul", [at("product"), "scale"], [at("scaled")]);
    add("Add", [at("scaled"), "mask"], [at("scores")]);
    add("Softmax", [at("scores")], [at("pattern")], [int("axis", -1)]);
    add("MatMul", [at("pattern"), at("v.turned")], [at("z.heads")]);
    add("Transpose", [at("z.heads")], [at("z.turned")], [ints("perm", [1, 0, 2])]);
    add("Reshape", [at("z.turned"), "by_token"], [at("z")]);
    linear(at("z"), at("attn_out"), D_MODEL, D_MODEL);
    add("Add", [`stream${layer}`, at("attn_out")], [at("mid")]);
    norm(at("mid"), at("norm2"));
    linear(at("norm2"), at("pre"), D_MODEL, D_MLP);
    add("FastGelu", [at("pre")], [at("post")], [], "com.microsoft");
    linear(at("post"), at("mlp_out"), D_MLP, D_MODEL);
    add("Add", [at("mid"), at("mlp_out")], [`stream${layer + 1}`]);
  }
  norm(`stream${N_LAYERS}`, "final");
  tensors.push(tensor("last", INT64, [1], BigInt64Array.of(BigInt(nTokens - 1))));
  add("Gather", ["final", "last"], ["end"], [int("axis", 0)]);
  add("Gemm", ["end", "embed"], ["logits"], [int("transB", 1)]);

  const graph = message(7, ...nodes, string(2, "gpt2-small"), ...tensors, value(11, "ids", INT64, [nTokens]), value(12, "logits", FLOAT, [1, D_VOCAB]));
  const opset = (domain, version) => message(8, string(1, domain), integer(2, version));
  const { parts, size } = join([integer(1, 9), opset("", 18), opset("com.microsoft", 1), graph]);
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** Rows of the embedding. */
export const nVocab = D_VOCAB;
