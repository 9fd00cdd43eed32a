// One line of a terminal that is written over; where output is no terminal, nothing is.
let live = false

export function sayLive(text: string): void {
  if (!process.stdout.isTTY) return
  process.stdout.write(`${live ? '\r\x1b[K' : ''}${text.slice(0, (process.stdout.columns || 80) - 1)}`)
  live = true
}

/** Before anything that stays is printed. */
export function clearLive(): void {
  if (live) process.stdout.write('\r\x1b[K')
  live = false
}
