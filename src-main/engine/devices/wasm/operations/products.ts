// Products of matrices, and sums: over rows, and of two tensors.
import type { Ops } from '../../ops.ts'
import type { Tensor, Tensor1D, Tensor2D } from '../../tensor.ts'
import type { WasmDevice } from '../backend.ts'
import { chunksOf, HEIGHT, PANEL, SMALL_ARRAY, SMALL_PRODUCT, SUM_COLUMNS, same, TILE, threadScratch } from './tiles.ts'

export function products(device: WasmDevice): Pick<Ops, 'matmul' | 'linear' | 'sumRows' | 'add'> {
  return {
    matmul: (a, b, transposeA = false, transposeB = false) => multiply(device, a, b, transposeA, transposeB, 0),

    linear(x, weight, bias, turned = false, residual) {
      same('bias and outputs of the weight', bias.size, weight.shape[turned ? 1 : 0])
      return plus(device, multiply(device, x, weight, false, !turned, device.address(bias)), residual)
    },

    sumRows(x) {
      const [rows, columns] = x.shape
      return sumInto(device, device.output<Tensor1D>([columns]), x, rows)
    },

    add: (x, y) => add(device, x, y),
  }
}

function add<T extends Tensor>(device: WasmDevice, x: T, y: T): T {
  same('sizes of a sum', x.size, y.size)
  const out = device.output<T>(x.shape)
  const values = [device.address(x), device.address(y), device.address(out), x.size]
  device.pool.run('add', values, Math.ceil(x.size / TILE), x.size < SMALL_ARRAY)
  return out
}

/** x, which goes, plus the residual where there is one. */
export function plus(device: WasmDevice, x: Tensor2D, residual: Tensor2D | undefined): Tensor2D {
  if (!residual) return x
  const sum = add(device, residual, x)
  x.dispose()
  return sum
}

export function multiply(
  device: WasmDevice,
  a: Tensor2D,
  b: Tensor2D,
  transposeA: boolean,
  transposeB: boolean,
  bias: number,
): Tensor2D {
  const { pool } = device
  const [k, m] = transposeA ? a.shape : [a.shape[1], a.shape[0]]
  const [n, kb] = transposeB ? b.shape : [b.shape[1], b.shape[0]]
  same('inner sizes of a product', k, kb)
  const out = device.output<Tensor2D>([m, n]) // (m, n)
  const panels = Math.ceil(n / PANEL)
  const packed = device.scratch('packed', 4 * k * panels * PANEL)
  const small = m * n * k < SMALL_PRODUCT
  const bStrides = transposeB ? [1, k] : [n, 1]
  const panelsATile = Math.max(1, Math.ceil(TILE / (k * PANEL)))
  pool.run(
    'packColumns',
    [device.address(b), ...bStrides, n, k, packed, panelsATile],
    Math.ceil(panels / panelsATile),
    small || k * n < SMALL_ARRAY,
  )
  const bands = Math.ceil(m / HEIGHT)
  const columns = columnsATile(bands, panels)
  const scratch = device.scratch('threads', threadScratch(0) * pool.threads)
  const [from, to] = [device.address(a), device.address(out)]
  const aStrides = transposeA ? [1, m] : [k, 1]
  const values = [m, n, k, from, ...aStrides, packed, to, bias, columns, scratch, threadScratch(0)]
  pool.run('gemm', values, bands * Math.ceil(n / columns), small)
  return out
}

/** About 32 tiles in all where a product is large enough, but no tile so narrow that packing its rows would show. */
function columnsATile(bands: number, panels: number): number {
  const parts = Math.max(1, Math.ceil(32 / bands))
  return PANEL * Math.min(panels, Math.max(12, Math.ceil(panels / parts)))
}

/** Sums over `rows` rows of x, as many columns as there are places in out. */
export function sumInto<T extends Tensor>(device: WasmDevice, out: T, x: Tensor, rows: number): T {
  const columns = out.size
  same('sizes of rows', x.size, rows * columns)
  const { chunks, perChunk } = chunksOf(rows)
  const partial = device.scratch('partial', 4 * chunks * columns)
  const values = [device.address(x), partial, rows, columns, perChunk]
  device.pool.run('columnSums', values, chunks, x.size < SMALL_ARRAY)
  combineChunks(device, partial, out, chunks, columns)
  return out
}

/** Partial sums, `step` floats from one chunk to the next, to out. */
export function combineChunks(device: WasmDevice, partial: number, out: Tensor, chunks: number, step: number): void {
  device.pool.run(
    'combineChunks',
    [partial, device.address(out), chunks, out.size, step],
    Math.ceil(out.size / SUM_COLUMNS),
    chunks * out.size < SMALL_ARRAY,
  )
}
