// Attention's kernels, a tile of 32 tokens a workgroup (attention-tiles.ts). Per image and head, with z = 1 /
// sqrt(size),
//   forward   s = z q k',  p = softmax(s) = exp(s - L),  y = p v,  L = log sum exp s   by running maxima
//   reverse   dv = p' dy,  ds = p (dy v' - D) z,  dq = ds k,  dk = ds' q,   D = sum over columns of dy y
//   tangent   ds = z (dq k' + q dk'),  dy = (p ds) v + p dv - (sum over columns of p ds) y
// L (images * heads, tokens) is what the forward pass leaves; p is made again of it, tile by tile. Causal, tiles of
// which nothing is seen are left out.
import {
  accumulate,
  accumulated,
  arrayOf,
  eachAccumulated,
  frame,
  type HeadShape,
  isWhole,
  keepScores,
  product,
  sink,
  source,
  tile,
} from './attention-tiles.ts'
import { family, type Kernel, kernel } from './kernel.ts'

type Given = [width: number, heads: number, columns: 8 | 16, causal: boolean]

const rows4 = [0, 1, 2, 3]
const columns4 = 'vec4u(0u, 8u, 16u, 24u)'

/** query(token, c), key and value. */
const inputs = (shape: HeadShape): string =>
  source(shape, 'query', { array: 'qkv', parts: 3, part: 0 }) +
  source(shape, 'key', { array: 'qkv', parts: 3, part: 1 }) +
  source(shape, 'value', { array: 'qkv', parts: 3, part: 2 })

/** What both ways back read, with slope(token, c), of dy. */
const backwards = (shape: HeadShape): string =>
  inputs(shape) + source(shape, 'slope', { array: 'dy', parts: 1, part: 0 }) + numbersOf('logs') + numbersOf('slopes')

const readsOfBack = (shape: HeadShape) => ({
  qkv: arrayOf(shape),
  dy: arrayOf(shape),
  logs: 'array<f32>',
  slopes: 'array<f32>',
})

const clear = `var s = array<vec4f, 4>(); // set to 0 in each round: a declaration alone would not be
    var d = array<vec4f, 4>();`

/** visible(query, keys): which a query looks at. */
const sight = (causal: boolean): string => `
fn visible(q : u32, keys : vec4u) -> vec4<bool> { return (keys < vec4u(p.tokens))${causal ? ' & (keys <= vec4u(q))' : ''}; }`

/** nameAt(pair, tokens): numbers of four tokens of an image and head. */
const numbersOf = (name: string): string => `
fn ${name}At(pair : u32, tokens : vec4u) -> vec4f {
  let at = pair * p.tokens + min(tokens, vec4u(p.tokens - 1u));
  return vec4f(${name}[at.x], ${name}[at.y], ${name}[at.z], ${name}[at.w]);
}`

const named = (what: string, [width, heads, columns, causal]: Given): string =>
  `attention ${what}, ${heads} heads of ${width / heads}, ${columns} at a time${causal ? ', causal' : ''}`

export const forward = family((...given: Given): Kernel => {
  const [width, heads, columns, causal] = given
  const shape = { width, heads, columns }
  return kernel({
    name: named('forward', given),
    words: { tokens: 'u32' },
    reads: { qkv: arrayOf(shape) },
    writes: { y: arrayOf(shape), logs: 'array<f32>' },
    code: frame(
      shape,
      [inputs(shape), sink(shape, 'put', { array: 'y', parts: 1, part: 0 }), sight(causal)],
      `
  var m = vec4f(far); // of each row the largest score so far
  var l = vec4f(); // this thread's part of the sum of exp(s - m)
  var o = array<vec4f, ${accumulated(shape)}>();
  let end = ${causal ? `min(p.tokens, block + ${tile}u)` : 'p.tokens'};
  for (var k = 0u; k < end; k += ${tile}u) {
    var s = array<vec4f, 4>();
    ${product(shape, 's', ['query', 'block'], ['key', 'k'])}
    ${rows4.map((i) => `s[${i}] = select(vec4f(far), scale * s[${i}], visible(block + ty + ${8 * i}u, k + tx + ${columns4}));`).join('\n    ')}
    let now = max(m, rowMost(t, vec4f(most(s[0]), most(s[1]), most(s[2]), most(s[3]))));
    let shrunk = exp(m - now);
    m = now;
    ${rows4.map((i) => `s[${i}] = exp(s[${i}] - m[${i}]);`).join(' ')}
    l = l * shrunk + vec4f(sum(s[0]), sum(s[1]), sum(s[2]), sum(s[3]));
    ${eachAccumulated(shape, (n, _offset, _c, i) => `o[${n}] *= shrunk[${i}];`)}
    ${keepScores('s')}
    ${accumulate(shape, 'o', ['value', 'k'])}
  }
  let all = rowSums(t, l);
  let inverse = 1.0 / all;
  ${eachAccumulated(shape, (n, offset, c, i) => `put(block + ${offset}, ${c}, o[${n}] * inverse[${i}]);`)}
  if (tx == 0u) {
    let log = m + log(all);
    ${rows4.map((i) => `if (block + ty + ${8 * i}u < p.tokens) { logs[pair * p.tokens + block + ty + ${8 * i}u] = log[${i}]; }`).join('\n    ')}
  }`,
    ),
  })
})

/** D = sum over columns of dy y: (images * heads, tokens). */
export const meanSlopes = family((width: number, heads: number): Kernel => {
  const shape = { width, heads, columns: 8 } as const
  const step = isWhole(shape) ? 4 : 1
  return kernel({
    name: `attention slopes, ${heads} heads of ${width / heads}`,
    words: { tokens: 'u32', count: 'u32' },
    reads: { dy: arrayOf(shape), y: arrayOf(shape) },
    writes: { slopes: 'array<f32>' },
    code: `
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group : vec3u, @builtin(num_workgroups) groups : vec3u,
        @builtin(local_invocation_index) t : u32) {
  let i = (group.y * groups.x + group.x) * 64u + t;
  if (i >= p.count) { return; }
  let pair = i / p.tokens;
  let row = pair / ${heads}u * p.tokens + i % p.tokens;
  let at = (row * ${width}u + pair % ${heads}u * ${width / heads}u) / ${step}u;
  var sum = 0.0;
  for (var c = 0u; c < ${width / heads / step}u; c++) { sum += ${step === 4 ? 'dot(dy[at + c], y[at + c])' : 'dy[at + c] * y[at + c]'}; }
  slopes[i] = sum;
}`,
  })
})

export const queryGradient = family((...given: Given): Kernel => {
  const [width, heads, columns, causal] = given
  const shape = { width, heads, columns }
  return kernel({
    name: named('to queries', given),
    words: { tokens: 'u32' },
    reads: readsOfBack(shape),
    writes: { dqkv: arrayOf(shape) },
    code: frame(
      shape,
      [backwards(shape), sink(shape, 'put', { array: 'dqkv', parts: 3, part: 0 }), sight(causal)],
      `
  let log = logsAt(pair, block + ty + ${columns4});
  let mean = slopesAt(pair, block + ty + ${columns4});
  var o = array<vec4f, ${accumulated(shape)}>();
  let end = ${causal ? `min(p.tokens, block + ${tile}u)` : 'p.tokens'};
  for (var k = 0u; k < end; k += ${tile}u) {
    ${clear}
    ${product(shape, 's', ['query', 'block'], ['key', 'k'])}
    ${product(shape, 'd', ['slope', 'block'], ['value', 'k'])}
    ${rows4
      .map(
        (i) => `{ let seen = visible(block + ty + ${8 * i}u, k + tx + ${columns4});
      s[${i}] = select(vec4f(), exp(scale * s[${i}] - log[${i}]) * (d[${i}] - mean[${i}]) * scale, seen); }`,
      )
      .join('\n    ')}
    ${keepScores('s')}
    ${accumulate(shape, 'o', ['key', 'k'])}
  }
  ${eachAccumulated(shape, (n, offset, c) => `put(block + ${offset}, ${c}, o[${n}]);`)}`,
    ),
  })
})

/** Rows of the tile are keys, columns queries. */
export const keyValueGradient = family((...given: Given): Kernel => {
  const [width, heads, columns, causal] = given
  const shape = { width, heads, columns }
  return kernel({
    name: named('to keys and values', given),
    words: { tokens: 'u32' },
    reads: readsOfBack(shape),
    writes: { dqkv: arrayOf(shape) },
    code: frame(
      shape,
      [
        backwards(shape),
        sink(shape, 'putKey', { array: 'dqkv', parts: 3, part: 1 }),
        sink(shape, 'putValue', { array: 'dqkv', parts: 3, part: 2 }),
        `
fn seenBy(key : u32, queries : vec4u) -> vec4<bool> { return (queries < vec4u(p.tokens))${causal ? ' & (vec4u(key) <= queries)' : ''}; }`,
      ],
      `
  var dk = array<vec4f, ${accumulated(shape)}>();
  var dv = array<vec4f, ${accumulated(shape)}>();
  for (var q = ${causal ? 'block' : '0u'}; q < p.tokens; q += ${tile}u) {
    ${clear}
    ${product(shape, 's', ['key', 'block'], ['query', 'q'])}
    ${product(shape, 'd', ['value', 'block'], ['slope', 'q'])}
    let queries = q + tx + ${columns4};
    let log = logsAt(pair, queries);
    let mean = slopesAt(pair, queries);
    ${rows4
      .map(
        (i) => `s[${i}] = select(vec4f(), exp(scale * s[${i}] - log), seenBy(block + ty + ${8 * i}u, queries));
    d[${i}] = s[${i}] * (d[${i}] - mean) * scale;`,
      )
      .join('\n    ')}
    ${keepScores('s')}
    ${accumulate(shape, 'dv', ['slope', 'q'])}
    ${keepScores('d')}
    ${accumulate(shape, 'dk', ['query', 'q'])}
  }
  ${eachAccumulated(shape, (n, offset, c) => `putKey(block + ${offset}, ${c}, dk[${n}]); putValue(block + ${offset}, ${c}, dv[${n}]);`)}`,
    ),
  })
})

export const tangent = family((...given: Given): Kernel => {
  const [width, heads, columns, causal] = given
  const shape = { width, heads, columns }
  return kernel({
    name: named('tangents', given),
    words: { tokens: 'u32' },
    reads: { qkv: arrayOf(shape), dqkv: arrayOf(shape), y: arrayOf(shape), logs: 'array<f32>' },
    writes: { dy: arrayOf(shape) },
    code: frame(
      shape,
      [
        inputs(shape),
        source(shape, 'dquery', { array: 'dqkv', parts: 3, part: 0, base: 'moved' }),
        source(shape, 'dkey', { array: 'dqkv', parts: 3, part: 1, base: 'moved' }),
        source(shape, 'dvalue', { array: 'dqkv', parts: 3, part: 2, base: 'moved' }),
        source(shape, 'still', { array: 'y', parts: 1, part: 0 }),
        sink(shape, 'put', { array: 'dy', parts: 1, part: 0, base: 'moved' }),
        sight(causal),
        numbersOf('logs'),
      ],
      `
  let log = logsAt(pair, block + ty + ${columns4});
  var mean = vec4f(); // this thread's part of the sum of p ds
  var o = array<vec4f, ${accumulated(shape)}>();
  let end = ${causal ? `min(p.tokens, block + ${tile}u)` : 'p.tokens'};
  for (var k = 0u; k < end; k += ${tile}u) {
    ${clear}
    ${product(shape, 's', ['query', 'block'], ['key', 'k'])}
    ${product(shape, 'd', ['dquery', 'block'], ['key', 'k'])}
    ${product(shape, 'd', ['query', 'block'], ['dkey', 'k'])}
    ${rows4
      .map(
        (i) => `{ let seen = visible(block + ty + ${8 * i}u, k + tx + ${columns4});
      s[${i}] = select(vec4f(), exp(scale * s[${i}] - log[${i}]), seen);
      d[${i}] = s[${i}] * d[${i}] * scale; }`,
      )
      .join('\n    ')}
    mean += vec4f(sum(d[0]), sum(d[1]), sum(d[2]), sum(d[3]));
    ${keepScores('d')}
    ${accumulate(shape, 'o', ['value', 'k'])}
    ${keepScores('s')}
    ${accumulate(shape, 'o', ['dvalue', 'k'])}
  }
  let all = rowSums(t, mean);
  ${eachAccumulated(shape, (n, offset, c, i) => `put(block + ${offset}, ${c}, o[${n}] - all[${i}] * still(block + ${offset}, ${c}));`)}`,
    ),
  })
})
