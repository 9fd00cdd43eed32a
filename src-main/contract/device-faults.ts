// What an error of a backend means. Wasm's guard throws RangeErrors; TensorFlow's and Dawn's errors have a text and
// nothing else, and where a driver is gone it may end the process, so the same words are looked for in what a dead
// engine last said.
import { BasilError, type ErrorRecord, nextInWindow, reported } from './errors.ts'

const fullMemory =
  /wasm backend is out of memory|Array buffer allocation failed|OOM when allocating|RESOURCE_?EXHAUSTED|Invalid TF_Status: 8\b|failed to allocate|CUDA_ERROR_OUT_OF_MEMORY|_STATUS_ALLOC_FAILED|VK_ERROR_OUT_OF_(DEVICE|HOST|POOL)_MEMORY|E_OUTOFMEMORY|exceeds the max buffer size/i
const lostDevice =
  /CUDA_ERROR_|\bCU(BLAS|DNN|FFT|RAND|SOLVER|SPARSE)_STATUS_|CUDA (driver|error|runtime)|could not retrieve CUDA device|could not synchronize on CUDA|no kernel image is available|Blas \w+ launch failed|device (is |was )?lost|GPU is lost|fallen off the bus|VK_ERROR_DEVICE_LOST|DXGI_ERROR_DEVICE_(REMOVED|HUNG|RESET)|device (was )?(destroyed|removed|reset)/i
const refusedCall = /WebGPU refused a call|GPUValidationError|\[Invalid \w+/

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

/** The driver would not do what it was asked to; what was computed since is worth nothing. */
function isRefused(error: unknown): boolean {
  return !(error instanceof BasilError) && refusedCall.test(textOf(error))
}

/**
 * A backend's error as a person is told of it: out-of-memory, device-lost or device-refused; every other as it is.
 * doing: what needed the memory.
 */
export function faultOf(error: unknown, doing: string): unknown {
  if (isOutOfMemory(error)) return outOfMemory(error, doing)
  if (isDeviceLost(error)) return deviceLost(lineOf(error, lostDevice), { cause: error })
  return isRefused(error) ? deviceRefused(lineOf(error, refusedCall), { cause: error }) : error
}

/** What a fault of a card means where more is known than the engine knew: the same, with its likely cause. */
export function inContext(fault: ErrorRecord, { sleptSeconds, hasFitted }: Circumstances): ErrorRecord {
  if (fault.code === 'device-lost' && sleptSeconds > 0)
    return {
      ...fault,
      what: 'The GPU was lost when the machine slept',
      why: `${fault.why}; the machine had slept for ${Math.round(sleptSeconds / 60) || 1} min just before`,
      next: `resume the run: a driver is often well again after it; if not, ${fault.next}`,
      inWindow: `resume the run: a driver is often well again after it; if not, ${nextInWindow(fault)}`,
    }
  if (fault.code === 'out-of-memory' && hasFitted)
    return {
      ...fault,
      what: 'The GPU has less room than it had',
      why: `${fault.why}; the same run did fit before, so another program may have taken memory of the card`,
      next: 'end other programs that use the card ("nvidia-smi" lists them on NVIDIA\'s), then resume the run; or resume it on the CPU',
      inWindow: 'end other programs that use the card, then resume the run; or resume it on the CPU',
    }
  return fault
}

export interface Circumstances {
  sleptSeconds: number // shortly before; 0: it did not sleep
  hasFitted: boolean // an epoch of the run was kept on a card
}

function deviceRefused(why: string, options?: ErrorOptions): BasilError {
  return new BasilError(
    {
      code: 'device-refused',
      what: "The GPU's driver refused an operation",
      where: 'engine',
      why,
      ...reported({
        next: 'resume the run on the CPU or with another engine ("--engine"); as it is a fault of Basil or of the driver,',
        inWindow: 'resume the run on the CPU or with another engine; as it is a fault of Basil or of the driver,',
      }),
    },
    options,
  )
}

export function deviceLost(why: string, options?: ErrorOptions): BasilError {
  return new BasilError(
    {
      code: 'device-lost',
      what: 'The GPU can no longer be used',
      where: 'engine',
      why,
      next: 'resume the run on the CPU, or see to the driver ("nvidia-smi" must list the card) and resume the run on the GPU',
      inWindow: 'resume the run on the CPU, or see to the driver of the GPU and resume the run on it',
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
      ...(/wasm/.test(why)
        ? {
            next: 'combine fewer or smaller models, or install native TensorFlow ("basil engine install"), which is not bound to 4 GiB',
            inWindow:
              'combine fewer or smaller models, or install native TensorFlow on the page Engine, which is not bound to 4 GiB',
          }
        : { next: 'end other programs that use the device, combine fewer or smaller models, or compute on the CPU' }),
    },
    { cause: error },
  )
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
