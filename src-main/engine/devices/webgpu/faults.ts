// What goes wrong on the device. Dawn throws nothing: an error is caught by a scope that was open when the call was
// made, and told when the scope is closed and the device has got there; what no scope caught goes to stdout, where it
// would be in the way. So all calls are made between `watch`, which opens the scopes, and `closed`, and `Faults.check`
// throws what they caught: an error whose words contract/device-faults.ts knows.
const filters = ['validation', 'out-of-memory', 'internal'] as const

export class Faults {
  readonly #device: GPUDevice
  #open = false
  #told: Promise<string | null>[] = [] // of scopes that were closed
  #lost: string | null = null

  constructor(device: GPUDevice) {
    this.#device = device
    void device.lost.then(({ reason, message }) => {
      if (reason !== 'destroyed') this.#lost = message
    })
  }

  /** Calls from here on are heard. */
  watch(): void {
    if (this.#lost !== null) throw lost(this.#lost)
    if (this.#open) return
    for (const filter of filters) this.#device.pushErrorScope(filter)
    this.#open = true
  }

  /** Calls up to here were heard. */
  closed(): void {
    if (!this.#open) return
    this.#open = false
    for (const filter of filters.toReversed())
      this.#told.push(
        this.#device.popErrorScope().then(
          (error) => error && (filter === 'out-of-memory' ? full(error.message) : error.message),
          (error: unknown) => String(error),
        ),
      )
  }

  /** Throws what was heard until now, or why the device is gone. */
  async check(): Promise<void> {
    this.closed()
    const told = (await Promise.all(this.#told.splice(0))).filter((message) => message !== null)
    if (this.#lost !== null) throw lost(this.#lost)
    const memory = told.find((message) => message.startsWith(full('')))
    if (memory !== undefined) throw new RangeError(memory)
    if (told[0] !== undefined) throw new Error(`WebGPU refused a call: ${told[0]}`)
  }
}

function full(message: string): string {
  return `WebGPU failed to allocate: ${message}`
}

function lost(message: string): Error {
  return new Error(`The GPU device was lost: ${message}`)
}
