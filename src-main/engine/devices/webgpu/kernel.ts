// A kernel: WGSL with its equation on top, what it reads and writes by name, and a few numbers of the call, its words.
// The declarations are made from these, in this order: words at binding 0, then reads, then writes, all of group 0.
// Kernels are told apart by their text: where sizes are in the text, `family` makes each once.

/** A word's type; an array of f32 is given in whole vec4f, as uniforms want it. */
export type Word = 'u32' | 'f32' | `array<vec4f, ${number}>`

export interface Kernel {
  name: string
  text: string // the whole of it
  lanes: readonly ('u32' | 'f32')[] // of the words, 4 bytes each
  reads: number
  writes: number
}

interface Parts {
  name: string
  words?: Readonly<Record<string, Word>>
  reads?: Readonly<Record<string, string>> // name to WGSL type, `array<vec4f>` or the like
  writes?: Readonly<Record<string, string>>
  /** Everything but the declarations; words are p.name. */
  code: string
}

export function kernel({ name, words = {}, reads = {}, writes = {}, code }: Parts): Kernel {
  const fields = Object.entries(words)
  const stored = [
    ...Object.entries(reads).map(([called, type]) => `var<storage, read> ${called} : ${type};`),
    ...Object.entries(writes).map(([called, type]) => `var<storage, read_write> ${called} : ${type};`),
  ]
  const declared = [
    ...(fields.length > 0
      ? [
          `struct Words { ${fields.map(([called, type]) => `${called} : ${type}`).join(', ')} }`,
          '@group(0) @binding(0) var<uniform> p : Words;',
        ]
      : []),
    ...stored.map((variable, i) => `@group(0) @binding(${i + 1}) ${variable}`),
  ]
  return {
    name,
    text: `${declared.join('\n')}\n${code}`,
    lanes: fields.flatMap(([, type]) => lanesOf(type)),
    reads: Object.keys(reads).length,
    writes: Object.keys(writes).length,
  }
}

function lanesOf(type: Word): ('u32' | 'f32')[] {
  if (type === 'u32' || type === 'f32') return [type]
  return Array.from({ length: 4 * Number(/, (\d+)>/.exec(type)?.[1]) }, () => 'f32')
}

/** make, called once for each list of arguments. */
export function family<A extends readonly (string | number | boolean)[]>(
  make: (...given: A) => Kernel,
): (...given: A) => Kernel {
  const made = new Map<string, Kernel>()
  return (...given) => {
    const key = given.join()
    const present = made.get(key) ?? make(...given)
    made.set(key, present)
    return present
  }
}
