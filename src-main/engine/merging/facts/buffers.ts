// Buffers that slices are read into, used again and again: a merge reads a model in thousands of slices, several times.
const size = 2 ** 17 // elements
const most = 64 // that are kept

const free: Float32Array[] = []

/** (count), of any content. */
export function lend(count: number): Float32Array {
  if (count > size) return new Float32Array(count)
  return (free.pop() ?? new Float32Array(size)).subarray(0, count)
}

/** Nobody looks at them any more. */
export function giveBack(buffers: readonly Float32Array[]): void {
  for (const { buffer, byteOffset } of buffers)
    if (byteOffset === 0 && buffer.byteLength === 4 * size && free.length < most)
      free.push(new Float32Array(buffer as ArrayBuffer))
}
