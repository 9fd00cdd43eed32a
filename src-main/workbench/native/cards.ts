// What the cards of a machine mean for CUDA: which of the two pinned sets of libraries they get, what the person should
// know of it, and why some get none.
//   machine code runs on cards of its own major number from its minor one on (8.0's on 8.6); a newer major number has
//   PTX alone, which the driver compiles at the first start; older cards have nothing.
import type { Gpu } from '../../contract/api/native.ts'
import { installFailed } from './child.ts'
import type { Pins, Wheel } from './wheels.ts'

export interface CardPlan {
  wheels: Wheel[]
  notes: string[] // sentences
}

/** Throws install-failed where there is no card, or none that the library or the driver could use. */
export function cudaFor({ gpus, noGpu }: { gpus: readonly Gpu[]; noGpu: string }, pins: Pins): CardPlan {
  const { cards } = pins
  if (gpus.length === 0)
    throw installFailed(
      'There is no GPU for CUDA',
      '',
      noGpu,
      'install the engine for the CPU, or the NVIDIA driver first',
    )
  const usable = gpus.filter(({ capability }) => !capability || isAtLeast(capability, cards.cuda.oldest))
  const [first] = usable
  if (!first)
    throw installFailed(
      'The GPU is too old for this TensorFlow',
      gpus.map(({ name }) => name).join(', '),
      `its compute capability is ${gpus.map(({ capability }) => capability).join(' and ')}, and the library has code for ${cards.cuda.oldest} and newer`,
      'install the engine for the CPU ("--cpu")',
    )
  if (first.driver && !isAtLeast(first.driver, cards.cuda.driver))
    throw installFailed(
      'The NVIDIA driver is too old',
      first.name,
      `it is ${first.driver}, and CUDA 12 needs ${cards.cuda.driver} or newer`,
      'update the driver, then install the engine again',
    )
  const is13 = usable.every(
    ({ driver, capability }) => isAtLeast(driver, cards.cuda13.driver) && isAtLeast(capability, cards.cuda13.oldest),
  )
  return {
    wheels: is13 ? pins.cuda13 : pins.cuda,
    notes: [
      is13
        ? `Driver ${first.driver} runs CUDA 13, whose libraries are smaller: they stand for those of CUDA 12 that TensorFlow asks for.`
        : `CUDA 12 is fetched: CUDA 13 needs driver ${cards.cuda13.driver} and compute capability ${cards.cuda13.oldest}.`,
      ...gpus.filter((gpu) => !usable.includes(gpu)).map((gpu) => `${named(gpu)} is too old, and is not used.`),
      ...usable
        .filter(({ capability }) => capability && !hasCode(capability, cards.code))
        .map(
          (gpu) =>
            `${named(gpu)} is newer than the library: the driver compiles its code at the first start, for minutes.`,
        ),
    ],
  }
}

const named = ({ id, name, capability }: Gpu): string => `${id} (${name}, compute capability ${capability})`

function hasCode(capability: string, code: readonly string[]): boolean {
  const major = capability.split('.')[0]
  return code.some((one) => one.split('.')[0] === major && isAtLeast(capability, one))
}

/** Of versions, number by number: "580.159.04" is at least "580.65.06"; what is not known is not. */
function isAtLeast(version: string, least: string): boolean {
  const [mine, theirs] = [version, least].map((text) => text.split('.').map(Number)) as [number[], number[]]
  for (const [i, wanted] of theirs.entries()) {
    const found = mine[i] ?? 0
    if (found !== wanted) return found > wanted
  }
  return version !== ''
}
