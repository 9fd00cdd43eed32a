// Where E2E_SLOW names milliseconds, each answer of Basil reaches the page up to so much later, by chance and in its
// order, and the page's processor is a third as fast: a test that acts on what the page does not show yet then fails,
// which a quick machine seldom shows.
import type { BrowserContext } from 'playwright-core'

const most = Number(process.env['E2E_SLOW'] ?? 0)

export function slowAnswers(context: BrowserContext): void {
  if (most === 0) return
  void context.addInitScript(delaying, most)
  context.on('page', async (page) => {
    const session = await context.newCDPSession(page)
    await session.send('Emulation.setCPUThrottlingRate', { rate: 3 })
  })
}

/** Runs in the page. */
function delaying(longest: number): void {
  const own = WebSocket.prototype.addEventListener
  WebSocket.prototype.addEventListener = function (type: string, listener: unknown, options?: unknown) {
    let before = Promise.resolve()
    const later = async (event: Event) => {
      const [all, due] = [before, performance.now() + Math.random() * longest]
      before = all.then(() => new Promise((done) => setTimeout(done, due - performance.now())))
      await before
      const hear = listener as (event: Event) => void
      hear.call(this, event)
    }
    Reflect.apply(own, this, [type, type === 'message' ? later : listener, options])
  }
}
