// How a tower holds its weights where files hold them otherwise: conv1 (width, 3, patch, patch) as (width, 3 * patch *
// patch), since the patch embedding is a matrix product, and the MLP's second weight turned to (inputs, outputs). It
// alone has more inputs than outputs, and there TensorFlow's product by a transposed matrix takes 1.4 times as long as
// by a plain one.
import { product } from '../../numbers/vectors.ts'

/** Weights held as (inputs, outputs), by name or by a name's end. */
export function isTurned(name: string): boolean {
  return name.endsWith('mlp.c_proj.weight')
}

/** From a file's shape. */
export function heldShape(name: string, shape: readonly number[]): number[] {
  if (shape.length > 2) return [shape[0] as number, product(shape.slice(1))]
  return isTurned(name) ? [...shape].reverse() : [...shape]
}

/** A tensor's values from a file's order to the tower's, in place. */
export function toHeld(name: string, shape: readonly number[], values: Float32Array): void {
  if (isTurned(name)) turn(values, shape[0] as number)
}

/** And back. */
export function toFile(name: string, shape: readonly number[], values: Float32Array): void {
  if (isTurned(name)) turn(values, shape[1] as number)
}

const block = 32 // rows and columns at a time, so that both sides stay in the processor's cache

/** (rows, columns) to (columns, rows). */
function turn(values: Float32Array, rows: number): void {
  const columns = values.length / rows
  const from = values.slice()
  for (let r0 = 0; r0 < rows; r0 += block)
    for (let c0 = 0; c0 < columns; c0 += block)
      for (let r = r0; r < Math.min(rows, r0 + block); r++)
        for (let c = c0; c < Math.min(columns, c0 + block); c++) values[c * rows + r] = from[r * columns + c] as number
}
