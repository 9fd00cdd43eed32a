// What attention's kernels are made of: 64 threads, 8 x 8, have a tile of 32 x 32 scores, of which thread (ty, tx) has
// the rows ty + 8 i and the columns tx + 8 j, i, j = 0..3: s[i][j]. Rows of one head, `size` numbers wide, come into
// workgroup memory 32 at a time, and of their columns a chunk at a time, so that any width fits:
//   product     s += A B'    over chunks of A's and B's columns    (32, size) (32, size)' -> (32, 32)
//   accumulate  o += S B     for each chunk of B's columns         (32, 32) (32, size)    -> (32, size)
// where S are scores written by `keepScores`: o[n] holds of row ty + 8 i, i = n % 4, four neighbours. A head's rows are
// padded with zeros to whole vec4f. In memory they are an odd number of vec4f apart: threads meet no bank twice.

export interface HeadShape {
  width: number // of all heads
  heads: number
  columns: 8 | 16 // vec4f of a chunk
}

export const tile = 32
const threads = 64

/** Bytes of workgroup memory that the kernels take. */
function bytesOf(columns: number): number {
  return 16 * (2 * tile * (columns + 1) + tile * 9 + threads)
}

/** As many columns at a time as fit, and no more than a head has. */
export function columnsOf(size: number, memory: number): 8 | 16 {
  return size > 32 && bytesOf(16) <= memory ? 16 : 8
}

/** vec4f of a head's row. */
function fours({ width, heads }: HeadShape): number {
  return Math.ceil(width / heads / 4)
}

function chunks(shape: HeadShape): number {
  return Math.ceil(fours(shape) / shape.columns)
}

/** vec4f that a thread accumulates. */
export function accumulated(shape: HeadShape): number {
  return chunks(shape) * (shape.columns / 8) * 4
}

/** Whether rows can be read and written as vec4f; else they are numbers. */
export function isWhole({ width, heads }: HeadShape): boolean {
  return (width / heads) % 4 === 0
}

export function arrayOf(shape: HeadShape): string {
  return isWhole(shape) ? 'array<vec4f>' : 'array<f32>'
}

interface Rows {
  array: string // as it is bound
  parts: 1 | 3 // of a row, side by side, a width each
  part: 0 | 1 | 2 // which of them
  base?: 'base' | 'moved' // the first row of the image, or of its tangents
}

/** name(token, c): the c-th vec4f of a token's row of this head; zeros beyond. */
export function source(shape: HeadShape, name: string, { array, parts, part, base = 'base' }: Rows): string {
  const { width } = shape
  const at = `(${base} + token) * ${parts * width}u + ${part * width}u + head * size + 4u * c`
  return `
fn ${name}(token : u32, c : u32) -> vec4f {
  if (token >= p.tokens || c >= fours) { return vec4f(); }
  let at = ${at};
  ${
    isWhole(shape)
      ? `return ${array}[at / 4u];`
      : `var v = vec4f();
  for (var e = 0u; e < min(4u, size - 4u * c); e++) { v[e] = ${array}[at + e]; }
  return v;`
  }
}`
}

/** name(token, c, v): v becomes the c-th vec4f of a token's row of this head; nothing beyond. */
export function sink(shape: HeadShape, name: string, { array, parts, part, base = 'base' }: Rows): string {
  const { width } = shape
  const at = `(${base} + token) * ${parts * width}u + ${part * width}u + head * size + 4u * c`
  return `
fn ${name}(token : u32, c : u32, v : vec4f) {
  if (token >= p.tokens || c >= fours) { return; }
  let at = ${at};
  ${
    isWhole(shape)
      ? `${array}[at / 4u] = v;`
      : `for (var e = 0u; e < min(4u, size - 4u * c); e++) { ${array}[at + e] = v[e]; }`
  }
}`
}

/** A kernel's frame: `pair` is its image and head, `block` the first of its 32 tokens, `tangent` which of them. */
export function frame(shape: HeadShape, functions: readonly string[], body: string): string {
  const { width, heads, columns } = shape
  return `const size = ${width / heads}u;
const scale = ${1 / Math.sqrt(width / heads)};
const fours = ${fours(shape)}u; // vec4f of a head's row
const columns = ${columns}u; // of them, a chunk
const apart = ${columns + 1}u; // vec4f from row to row of left and right
const far = -1e30; // a score that counts for nothing
var<private> base : u32;
var<private> moved : u32;
var<private> head : u32;
var<workgroup> left : array<vec4f, ${tile * (columns + 1)}>;
var<workgroup> right : array<vec4f, ${tile * (columns + 1)}>;
var<workgroup> scores : array<vec4f, ${tile * 9}>; // of row r and columns x + 8 j at 9 r + x
var<workgroup> shares : array<vec4f, ${threads}>; // of rows ty + 8 i, of each thread
fn sum(v : vec4f) -> f32 { return (v.x + v.y) + (v.z + v.w); }
fn most(v : vec4f) -> f32 { return max(max(v.x, v.y), max(v.z, v.w)); }
/** Each row's sum over all columns, of what threads have of it. */
fn rowSums(t : u32, mine : vec4f) -> vec4f {
  workgroupBarrier();
  shares[t % 8u * 8u + t / 8u] = mine;
  workgroupBarrier();
  var all = vec4f();
  for (var x = 0u; x < 8u; x++) { all += shares[x * 8u + t / 8u]; }
  return all;
}
fn rowMost(t : u32, mine : vec4f) -> vec4f {
  workgroupBarrier();
  shares[t % 8u * 8u + t / 8u] = mine;
  workgroupBarrier();
  var all = mine;
  for (var x = 0u; x < 8u; x++) { all = max(all, shares[x * 8u + t / 8u]); }
  return all;
}
${functions.join('')}
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group : vec3u, @builtin(num_workgroups) groups : vec3u,
        @builtin(local_invocation_index) t : u32) {
  let ty = t / 8u;
  let tx = t % 8u;
  let pair = group.x;
  let block = ${tile}u * group.y;
  base = pair / ${heads}u * p.tokens;
  head = pair % ${heads}u;
  moved = (group.z * (groups.x / ${heads}u)) * p.tokens + base;
${body}
}`
}

/** A chunk of 32 rows of a source, from token `first` on, into a side. */
function fill(side: 'left' | 'right', of: string, first: string, chunk: string): string {
  return `for (var i = t; i < ${tile}u * columns; i += ${threads}u) {
      ${side}[i / columns * apart + i % columns] = ${of}(${first} + i / columns, ${chunk} * columns + i % columns);
    }`
}

type From = readonly [name: string, first: string]

/** s += A B', of rows from a token on. */
export function product(shape: HeadShape, s: string, [a, firstA]: From, [b, firstB]: From): string {
  const row = (i: number): string => `
      { let a = left[(ty + ${8 * i}u) * apart + c];
        ${s}[${i}] = fma(vec4f(a.x), b[0], ${s}[${i}]); ${s}[${i}] = fma(vec4f(a.y), b[1], ${s}[${i}]);
        ${s}[${i}] = fma(vec4f(a.z), b[2], ${s}[${i}]); ${s}[${i}] = fma(vec4f(a.w), b[3], ${s}[${i}]); }`
  return `
  for (var chunk = 0u; chunk < ${chunks(shape)}u; chunk++) { // ${s} += ${a} ${b}'
    workgroupBarrier();
    ${fill('left', a, firstA, 'chunk')}
    ${fill('right', b, firstB, 'chunk')}
    workgroupBarrier();
    for (var c = 0u; c < columns; c++) {
      let at = tx * apart + c;
      let b = transpose(mat4x4f(right[at], right[at + 8u * apart], right[at + 16u * apart], right[at + 24u * apart]));
      ${[0, 1, 2, 3].map(row).join('')}
    }
  }`
}

/** What `accumulate` multiplies from here on: s of all threads. */
export function keepScores(s: string): string {
  return `
  workgroupBarrier();
  ${[0, 1, 2, 3].map((i) => `scores[(ty + ${8 * i}u) * 9u + tx] = ${s}[${i}];`).join(' ')}`
}

/** o += S B, of rows from a token on. */
export function accumulate(shape: HeadShape, o: string, [b, firstB]: From): string {
  const { columns } = shape
  const step = (chunk: number, j: number, n: number): string => {
    const at = (chunk * (columns / 8) + n) * 4
    const line = (i: number): string => `${o}[${at + i}] = fma(vec4f(s${i}[${j}]), b, ${o}[${at + i}]);`
    return `{ let b = right[(x + ${8 * j}u) * apart + tx + ${8 * n}u]; ${[0, 1, 2, 3].map(line).join(' ')} }`
  }
  return Array.from({ length: chunks(shape) }, (_, chunk) => {
    const steps = [0, 1, 2, 3].flatMap((j) => Array.from({ length: columns / 8 }, (_c, n) => step(chunk, j, n)))
    return `
  { // ${o} += scores ${b}, chunk ${chunk}
    workgroupBarrier();
    ${fill('right', b, firstB, `${chunk}u`)}
    workgroupBarrier();
    for (var x = 0u; x < 8u; x++) {
      ${[0, 1, 2, 3].map((i) => `let s${i} = scores[(ty + ${8 * i}u) * 9u + x];`).join(' ')}
      ${steps.join('\n      ')}
    }
  }`
  }).join('')
}

/** Every vec4f that a thread has accumulated: which it is, the token's offset in the block, and its place in the row. */
export function eachAccumulated(shape: HeadShape, line: (n: number, offset: string, c: string, i: number) => string) {
  const { columns } = shape
  return Array.from({ length: accumulated(shape) }, (_, n) => {
    const [i, column] = [n % 4, Math.floor(n / 4)]
    const first = Math.floor(column / (columns / 8)) * columns + 8 * (column % (columns / 8))
    return line(n, `(ty + ${8 * i}u)`, `(tx + ${first}u)`, i)
  }).join('\n  ')
}
