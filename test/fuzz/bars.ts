// What one reading of hostile bytes may take: a second of the processor, 256 MiB over what was held at the beginning,
// and the file so many times over. What the readings took at most is kept, told, and held against the bars.
import { expect } from 'vitest'

import { bytesHeld } from '../engine/formats/bytes.ts'

const mostSeconds = 1
const mostMiB = 256

export interface Bars {
  /** `seen.bytes`: what was read of the `size` bytes that there are. */
  around<T>(size: number, read: (seen: { bytes: number }) => Promise<T>): Promise<T>
  inWords(): string
  expectKept(mostReadings: number): void
}

export function createBars(): Bars {
  const before = bytesHeld()
  const most = { processor: 0, readings: 0, held: 0 }
  return {
    around: async (size, read) => {
      const seen = { bytes: 0 }
      const began = process.threadCpuUsage()
      const outcome = await read(seen)
      const { user, system } = process.threadCpuUsage(began)
      most.processor = Math.max(most.processor, (user + system) / 1e6)
      most.readings = Math.max(most.readings, seen.bytes / Math.max(1, size))
      most.held = Math.max(most.held, (bytesHeld() - before) / 2 ** 20)
      return outcome
    },
    inWords: () =>
      `a reading took ${most.processor.toFixed(2)} s of the processor, ${most.held.toFixed(0)} MiB and ${most.readings.toFixed(1)} times the file at most`,
    expectKept: (mostReadings) => {
      expect(most.processor).toBeLessThan(mostSeconds) // its own, so that a busy machine does not matter
      expect(most.held).toBeLessThan(mostMiB)
      expect(most.readings).toBeLessThan(mostReadings)
    },
  }
}
