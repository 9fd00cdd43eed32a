// Waiting for the device. The binding asks the device for news once a turn of the event loop for as long as a promise
// of its own is open, and turns the loop as fast as it goes: a core at work for nothing. So while something is waited
// for, each turn sleeps a while: an eighth of what was waited so far, a millisecond at most. The process hears
// everything else a millisecond later at most.
const longest = 1 // ms
const bell = new Int32Array(new SharedArrayBuffer(4)) // nobody rings it

let waiting = 0
let since = 0

export async function waitFor<T>(answer: Promise<T>): Promise<T> {
  waiting++
  if (waiting === 1) {
    since = performance.now()
    setImmediate(turn)
  }
  try {
    return await answer
  } finally {
    waiting--
  }
}

function turn(): void {
  if (waiting === 0) return
  Atomics.wait(bell, 0, 0, Math.min(longest, (performance.now() - since) / 8))
  setImmediate(turn)
}
