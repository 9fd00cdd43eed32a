// Whether the machine slept a moment ago: a card whose driver did not live through it is lost with its wake. A timer that
// comes round far too late says so, on systems whose clocks stand still meanwhile by the time of day alone.
import { type Clock, every } from './heartbeat.ts'

const tick = 5000 // milliseconds
const least = 60_000 // of a gap: a machine that is only busy has shorter ones
const recent = 300_000

export interface Sleep {
  /** Seconds of the last sleep where it ended within five minutes; else 0. */
  slept(): number
  end(): void
}

const dayClock: Clock = { now: () => Date.now(), every }

export function watchSleep(clock: Clock = dayClock): Sleep {
  let last = clock.now()
  let [woke, slept] = [Number.NEGATIVE_INFINITY, 0]
  const look = (): void => {
    const now = clock.now()
    if (now - last > tick + least) [woke, slept] = [now, now - last - tick]
    last = now
  }
  const end = clock.every(tick, look)
  return {
    slept: () => {
      look() // what fails first may be told before the timer comes round
      return clock.now() - woke <= recent ? slept / 1000 : 0
    },
    end,
  }
}
