// What an error of a backend means. Wasm's guard throws RangeErrors; TensorFlow's errors have a text and nothing else,
// and where CUDA is gone it may end the process, so the same words are looked for in what a dead engine last said.
import { BasilError } from './errors.ts'

const fullMemory =
  /wasm backend is out of memory|Array buffer allocation failed|OOM when allocating|RESOURCE_?EXHAUSTED|Invalid TF_Status: 8\b|failed to allocate|CUDA_ERROR_OUT_OF_MEMORY|_STATUS_ALLOC_FAILED/i
const lostDevice =
  /CUDA_ERROR_|\bCU(BLAS|DNN|FFT|RAND|SOLVER|SPARSE)_STATUS_|CUDA (driver|error|runtime)|could not retrieve CUDA device|could not synchronize on CUDA|no kernel image is available|Blas \w+ launch failed|device (is |was )?lost|GPU is lost|fallen off the bus/i

/** The device, or wasm's 4 GiB, has no room for one more tensor; what is disposed makes room again. */
export function isOutOfMemory(error: unknown): boolean {
  return !(error instanceof BasilError) && fullMemory.test(textOf(error))
}

/**
 * The GPU or its driver failed, by an error or the text of one. Nothing computed in that process can be trusted after
 * it.
 */
export function isDeviceLost(error: unknown): boolean {
  return !(error instanceof BasilError) && lostDevice.test(textOf(error)) && !isOutOfMemory(error)
}

/**
 * A backend's error as a person is told of it: out-of-memory or device-lost; every other as it is. doing: what needed
 * the memory.
 */
export function faultOf(error: unknown, doing: string): unknown {
  if (isOutOfMemory(error)) return outOfMemory(error, doing)
  return isDeviceLost(error) ? deviceLost(lineOf(error, lostDevice), { cause: error }) : error
}

export function deviceLost(why: string, options?: ErrorOptions): BasilError {
  return new BasilError(
    {
      code: 'device-lost',
      what: 'The GPU can no longer be used',
      where: 'engine',
      why,
      next: 'resume the run on the CPU, or see to the driver ("nvidia-smi" must list the card) and resume the run on the GPU',
    },
    options,
  )
}

/** The line of an error that says what happened. */
export function lineOf(error: unknown, wanted = fullMemory): string {
  const lines = textOf(error)
    .replace(/^Invalid TF_Status: \d+\s+(Message: )?/, '')
    .split('\n')
  return (lines.find((line) => wanted.test(line)) ?? lines[0] ?? '').trim().slice(0, 300)
}

function outOfMemory(error: unknown, doing: string): BasilError {
  const why = lineOf(error)
  return new BasilError(
    {
      code: 'out-of-memory',
      what: 'The memory of the engine is full',
      where: doing,
      why,
      next: /wasm/.test(why)
        ? 'combine fewer or smaller models, or install native TensorFlow ("basil engine install"), which is not bound to 4 GiB'
        : 'end other programs that use the device, combine fewer or smaller models, or compute on the CPU',
    },
    { cause: error },
  )
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
