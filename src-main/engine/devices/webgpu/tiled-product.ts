// The product in tiles, for sizes that are whole fours: C = op(A) op(B), then the epilogue.
// A workgroup computes BM x BN of C. BK of K at a time, its parts of A and B lie in workgroup memory with K outermost,
// as vec4f along M and N, so that a thread's step over k is TM/4 + TN/4 loads and TM TN/4 fma of vec4f; the next parts
// are on their way into registers meanwhile. A matrix with K innermost is turned on the way, in blocks of 4 x 4. A
// thread's rows are fours 16 apart and its columns fours 32 apart, so that neighbours read neighbouring banks.
import type { Lane } from './functions.ts'
import { family, type Kernel, kernel } from './kernel.ts'
import { epilogues, type Form, strides, threadsOf } from './product-forms.ts'

/** Text for each of n, one behind the other. */
function each(n: number, text: (i: number) => string, between = '\n'): string {
  return Array.from({ length: n }, (_, i) => text(i)).join(between)
}

interface Loader {
  places: string // where the thread's numbers come from
  registers: string
  load: string // those at `kk` into registers
  store: string // registers into workgroup memory
}

interface Part {
  name: 'A' | 'B'
  turned: boolean // K is innermost in memory
  extent: number // BM or BN
  BK: number
  stride: number
  threads: number
  guarded: boolean // K may end within a tile
}

/**
 * Units of a part, several a thread: 4 x 4 blocks where it is turned, one vec4f else. The last rows are read again
 * where a tile hangs over: their sums are not stored. What is beyond kEnd is zero.
 */
function loader({ name: x, turned, extent, BK, stride, threads, guarded }: Part): Loader {
  const units = turned ? (extent * BK) / 16 : (extent * BK) / 4
  const first = x === 'A' ? 't' : `((t + ${threads / 2}u) % ${threads}u)` // B's units begin with the other threads
  const many = Math.ceil(units / threads)
  const within = (h: number, text: string): string =>
    units % threads === 0 ? text : `if (${x}u${h} < ${units}u) { ${text} }`
  const unit = (h: number): string => `let ${x}u${h} = ${first} + ${h * threads}u;`
  const kept = (k: string, place: string): string =>
    guarded ? `select(vec4f(), ${x}[${place}], ${k} < kEnd)` : `${x}[${place}]`
  const sizeOf = x === 'A' ? 'p.M' : 'p.N'
  const corner = x === 'A' ? 'row0' : 'column0'
  if (turned) {
    // Eight neighbours take 2 fours of k by 4 of rows: they store into eight different banks of four.
    const ks = BK / 4
    return {
      places: each(
        many,
        (h) => `${unit(h)}
let ${x}k${h} = (${x}u${h} & 1u) + 2u * ((${x}u${h} >> 3u) % ${ks / 2}u);
let ${x}r${h} = ((${x}u${h} >> 1u) & 3u) + 4u * ((${x}u${h} >> 3u) / ${ks / 2}u);
${each(4, (j) => `let ${x}at${h}${j} = min(${corner} + ${x}r${h} * 4u + ${j}u, ${sizeOf} - 1u) * (p.K / 4u) + ${x}k${h};`)}`,
      ),
      registers: each(many, (h) => each(4, (j) => `var ${x}v${h}${j} = vec4f();`, ' ')),
      load: each(many, (h) =>
        within(
          h,
          each(4, (j) => {
            const k = `(kk + ${x}k${h} * 4u)`
            return `${x}v${h}${j} = ${kept(k, `${x}at${h}${j} + kk / 4u`)};`
          }),
        ),
      ),
      store: each(many, (h) =>
        within(
          h,
          each(
            4,
            (c) =>
              `${x}s[(${x}k${h} * 4u + ${c}u) * ${stride}u + ${x}r${h}] = vec4f(${each(4, (j) => `${x}v${h}${j}[${c}]`, ', ')});`,
          ),
        ),
      ),
    }
  }
  return {
    places: each(
      many,
      (h) => `${unit(h)}
let ${x}k${h} = ${x}u${h} / ${extent / 4}u; let ${x}r${h} = ${x}u${h} % ${extent / 4}u;
let ${x}at${h} = min(${corner} / 4u + ${x}r${h}, ${sizeOf} / 4u - 1u);`,
    ),
    registers: each(many, (h) => `var ${x}v${h} = vec4f();`),
    load: each(many, (h) => {
      const k = `(kk + ${x}k${h})`
      return within(h, `${x}v${h} = ${kept(k, `${k} * (${sizeOf} / 4u) + ${x}at${h}`)};`)
    }),
    store: each(many, (h) => within(h, `${x}s[${x}k${h} * ${stride}u + ${x}r${h}] = ${x}v${h};`)),
  }
}

/** Sums into registers c<row>_<four of columns>: one step over k. */
function step(k: string, TM: number, TN: number, ofA: number, ofB: number): string {
  return `{
${each(TM / 4, (g) => `let a${g} = As[${k} * ${ofA}u + ra + ${4 * g}u];`)}
${each(TN / 4, (h) => `let b${h} = Bs[${k} * ${ofB}u + cb + ${8 * h}u];`)}
${each(TM, (i) => each(TN / 4, (h) => `c${i}_${h} = fma(vec4f(a${i >> 2}[${i & 3}]), b${h}, c${i}_${h});`, ' '))}
}`
}

export const tiledProduct = family(
  (
    form: Form,
    BM: number,
    BN: number,
    BK: number,
    TM: number,
    TN: number,
    guarded: boolean,
    epilogue: string,
  ): Kernel => {
    const T: Lane = 'vec4f'
    const { reads, writes, functions, code } = epilogueOf(epilogue)
    const threads = threadsOf({ BM, BN, BK, TM, TN })
    const { ofA, ofB } = strides(form, { BM, BN, BK, TM, TN })
    const A = loader({ name: 'A', turned: form !== 'tn', extent: BM, BK, stride: ofA, threads, guarded })
    const B = loader({ name: 'B', turned: form === 'nt', extent: BN, BK, stride: ofB, threads, guarded })
    const groupsN = BN / (8 * TN)
    const unrolled = TM * TN > 16 ? 8 : 1 // small tiles are for small products, where compiling counts
    return kernel({
      name: `product ${form}, ${BM} x ${BN}, ${epilogue}`,
      words: { M: 'u32', N: 'u32', K: 'u32', chunk: 'u32' },
      reads: { A: 'array<vec4f>', B: 'array<vec4f>', ...reads(T) },
      writes: { C: 'array<vec4f>', ...writes(T) },
      code: `
// C[m, n] = sum over k of op(A)[m, k] op(B)[k, n], k of part z alone: ${form}
var<workgroup> As : array<vec4f, ${BK * ofA}>;
var<workgroup> Bs : array<vec4f, ${BK * ofB}>;
${functions(T)}
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group : vec3u, @builtin(local_invocation_index) t : u32) {
let row0 = group.y * ${BM}u; let column0 = group.x * ${BN}u;
let lane = t % 32u; let warp = t / 32u;
let warpRow = warp / ${groupsN}u; let warpColumn = warp % ${groupsN}u; let ly = lane / 8u; let lx = lane % 8u;
let ra = warpRow * ${TM}u + ly; let cb = warpColumn * ${2 * TN}u + lx;
let kBegin = group.z * p.chunk; let kEnd = min(p.K, kBegin + p.chunk);
${A.places}
${B.places}
${A.registers}
${B.registers}
${each(TM, (i) => each(TN / 4, (h) => `var c${i}_${h} = vec4f();`, ' '))}
{ let kk = kBegin; ${A.load} ${B.load} }
for (var kt = kBegin; kt < kEnd; kt += ${BK}u) {
${A.store}
${B.store}
workgroupBarrier();
{ let kk = select(kBegin, kt + ${BK}u, kt + ${BK}u < kEnd); ${A.load} ${B.load} }
for (var k = 0u; k < ${BK}u; k += ${unrolled}u) {
${each(unrolled, (u) => step(`(k + ${u}u)`, TM, TN, ofA, ofB))}
}
workgroupBarrier();
}
${each(
  TM,
  (i) => `{ let row = row0 + warpRow * ${4 * TM}u + ${(i >> 2) * 16}u + ly * 4u + ${i & 3}u; if (row < p.M) {
${each(
  TN / 4,
  (h) => `{ let c = column0 / 4u + warpColumn * ${2 * TN}u + ${8 * h}u + lx; if (c < p.N / 4u) {
let at = (group.z * p.M + row) * (p.N / 4u) + c; var v = c${i}_${h}; ${code} C[at] = v; } }`,
)}
} }`,
)}
}`,
    })
  },
)

/** One element a thread, 16 x 16 of them a workgroup: any sizes, any form. */
export const plainProduct = family((form: Form, epilogue: string): Kernel => {
  const T: Lane = 'f32'
  const { reads, writes, functions, code } = epilogueOf(epilogue)
  const [turnedA, turnedB] = [form === 'tn' || form === 'tt', form === 'nt' || form === 'tt']
  return kernel({
    name: `product ${form}, any size, ${epilogue}`,
    words: { M: 'u32', N: 'u32', K: 'u32', chunk: 'u32' },
    reads: { A: 'array<f32>', B: 'array<f32>', ...reads(T) },
    writes: { C: 'array<f32>', ...writes(T) },
    code: `
// C[m, n] = sum over k of op(A)[m, k] op(B)[k, n], k of part z alone: ${form}
var<workgroup> As : array<f32, ${16 * 17}>;
var<workgroup> Bs : array<f32, ${16 * 17}>;
${functions(T)}
@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) group : vec3u, @builtin(local_invocation_id) t : vec3u) {
  let row = group.y * 16u + t.y; let c = group.x * 16u + t.x;
  let kBegin = group.z * p.chunk; let kEnd = min(p.K, kBegin + p.chunk);
  var v = 0.0;
  for (var kt = kBegin; kt < kEnd; kt += 16u) {
    let ka = kt + ${turnedA ? 't.y' : 't.x'}; let m = group.y * 16u + ${turnedA ? 't.x' : 't.y'};
    var a = 0.0;
    if (ka < kEnd && m < p.M) { a = A[${turnedA ? 'ka * p.M + m' : 'm * p.K + ka'}]; }
    As[${turnedA ? 't.x * 17u + t.y' : 't.y * 17u + t.x'}] = a;
    let kb = kt + ${turnedB ? 't.x' : 't.y'}; let n = group.x * 16u + ${turnedB ? 't.y' : 't.x'};
    var b = 0.0;
    if (kb < kEnd && n < p.N) { b = B[${turnedB ? 'n * p.K + kb' : 'kb * p.N + n'}]; }
    Bs[${turnedB ? 't.x * 17u + t.y' : 't.y * 17u + t.x'}] = b;
    workgroupBarrier();
    for (var k = 0u; k < 16u; k++) { v = fma(As[t.y * 17u + k], Bs[k * 17u + t.x], v); }
    workgroupBarrier();
  }
  if (row >= p.M || c >= p.N) { return; }
  let at = (group.z * p.M + row) * p.N + c;
  ${code}
  C[at] = v;
}`,
  })
})

function epilogueOf(key: string) {
  const found = epilogues.find((epilogue) => epilogue.key === key)
  if (!found) throw new RangeError(`no epilogue "${key}"`)
  return found
}
