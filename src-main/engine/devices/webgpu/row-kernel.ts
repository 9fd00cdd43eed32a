// Kernels of one workgroup a row: thread t has the elements t, t + threads, ... of row `row`, which begins at `at`. An
// element, V, is a vec4f where the width is whole ones, else a number. Sums over a row go by halves, in a fixed order.
import type { Tensor } from '../tensor.ts'
import { inRows, type WebGpuDevice } from './device.ts'
import { type Kernel, kernel, type Word } from './kernel.ts'

interface RowKernel {
  name: string
  width: number
  words?: Readonly<Record<string, Word>>
  reads?: readonly string[] // arrays of V, rows or one row
  numbers?: readonly string[] // arrays of numbers that are read
  writes?: readonly string[] // arrays of V
  written?: readonly string[] // arrays of numbers
  /** What a thread does: row, at, t and p are known, `each` goes over its elements, total(t, two numbers) adds up. */
  code: string
}

/** In order: reads, numbers, writes, written; and the words, `rows` first. */
export function rowKernel({ name, width, words, reads, numbers, writes, written, code }: RowKernel): Kernel {
  const arrays = (names: readonly string[] = [], type: string): [string, string][] =>
    names.map((called) => [called, `array<${type}>`])
  return kernel({
    name: `${name} of ${width}`,
    words: { rows: 'u32', ...words },
    reads: Object.fromEntries([...arrays(reads, 'V'), ...arrays(numbers, 'f32')]),
    writes: Object.fromEntries([...arrays(writes, 'V'), ...arrays(written, 'f32')]),
    code: `${elements(width)}
const count = ${lengthOf(width)}u; // elements of a row
const width = ${width}.0;
const threads = ${threadsFor(width)}u;
const per = ${Math.ceil(lengthOf(width) / threadsFor(width))}u; // elements of a thread
var<workgroup> sums : array<vec2f, threads>;
fn total(t : u32, mine : vec2f) -> vec2f {
  sums[t] = mine;
  workgroupBarrier();
  for (var half = threads / 2u; half > 0u; half /= 2u) {
    if (t < half) { sums[t] += sums[t + half]; }
    workgroupBarrier();
  }
  let all = sums[0];
  workgroupBarrier();
  return all;
}
@compute @workgroup_size(threads)
fn main(@builtin(workgroup_id) group : vec3u, @builtin(num_workgroups) groups : vec3u,
        @builtin(local_invocation_index) t : u32) {
  let row = group.y * groups.x + group.x;
  if (row >= p.rows) { return; }
  let at = row * count;
${code}
}`,
  })
}

/** For each of a thread's elements, its i-th and the row's c-th. */
export function each(body: string): string {
  return `for (var i = 0u; i < per; i++) { let c = t + i * threads; if (c < count) { ${body} } }`
}

/** V, and the sum and the inner product of such elements. */
export function elements(width: number): string {
  return width % 4 === 0
    ? `alias V = vec4f;
fn sum(v : V) -> f32 { return (v.x + v.y) + (v.z + v.w); }
fn product(a : V, b : V) -> f32 { return dot(a, b); }`
    : `alias V = f32;
fn sum(v : V) -> f32 { return v; }
fn product(a : V, b : V) -> f32 { return a * b; }`
}

/** Elements of a row. */
export function lengthOf(width: number): number {
  return width % 4 === 0 ? width / 4 : width
}

export function runRows(
  gpu: WebGpuDevice,
  made: Kernel,
  tensors: readonly Tensor[],
  rows: number,
  words: readonly number[] = [],
): void {
  gpu.run(made, tensors, inRows(rows), [rows, ...words])
}

function threadsFor(width: number): number {
  return lengthOf(width) > 512 ? 256 : 64
}
