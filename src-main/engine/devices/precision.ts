// Task vectors in float16. A vector is held as 2^e v with e chosen so that its largest element lies just below 2^15:
// task vectors are around 1e-4 and would else fall among float16's subnormals. A power of two loses nothing.
const top = 14 // exponent of the largest element

/** 2^e for each of `count` vectors, one behind the other. */
export function halfScales(values: Float32Array, count: number): number[] {
  const length = values.length / count
  return Array.from({ length: count }, (_, k) => scaleOf(values.subarray(k * length, (k + 1) * length)))
}

/** 1 for a vector of zeros. */
function scaleOf(values: Float32Array): number {
  let largest = 0
  for (const v of values) largest = Math.max(largest, Math.abs(v))
  return largest === 0 ? 1 : 2 ** Math.min(126, top - Math.floor(Math.log2(largest)))
}

/** scale * values, each rounded to float16; its bits, padded to whole pairs. */
export function halfBits(values: Float32Array, scale: number): Int32Array {
  const rounded = new Float16Array(2 * Math.ceil(values.length / 2))
  for (let i = 0; i < values.length; i++) rounded[i] = (values[i] as number) * scale
  return new Int32Array(rounded.buffer)
}
