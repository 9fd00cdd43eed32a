// How long is left: recent epochs weigh most, and every stage still to come counts with its planned epochs.
import type { ResolvedConfig } from '../../contract/run/config.ts'

const recent = 0.3

export class Remaining {
  private readonly iterations: number
  private readonly began: number
  private last: number | undefined
  private epochSeconds: number | undefined

  /** began: performance.now() at the start of this sitting. */
  constructor(config: ResolvedConfig, began: number) {
    this.iterations = config.iterations
    this.began = began
  }

  /**
   * Called once an epoch; planned: epochs of the present stage. Later iterations are taken to be as long as the first.
   */
  after(stage: number, epoch: number, planned: number): { seconds: number; remainingSeconds: number | null } {
    const now = performance.now()
    if (this.last !== undefined && epoch > 0) {
      const spent = (now - this.last) / 1000
      this.epochSeconds = this.epochSeconds === undefined ? spent : recent * spent + (1 - recent) * this.epochSeconds
    }
    this.last = now
    const left = planned - epoch + (this.iterations - stage) * planned
    return {
      seconds: (now - this.began) / 1000,
      remainingSeconds: this.epochSeconds === undefined ? null : left * this.epochSeconds,
    }
  }
}
