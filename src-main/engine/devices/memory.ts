// What may be taken of the machine's memory: the same at every start on a machine, as where vectors live shows in a
// sum's last digits. BASIL_MEMORY_GB sets a bound of one's own.
import { totalmem } from 'node:os'

export function hostBytes(): number {
  return Math.min(0.9 * (process.constrainedMemory() || totalmem()), 0.9 * totalmem(), memoryBound())
}

export function memoryBound(): number {
  return 2 ** 30 * (Number(process.env['BASIL_MEMORY_GB']) || Number.POSITIVE_INFINITY)
}
