// What a piece of work tells, as a stream that is read at the reader's own pace. Whoever leaves does not wait for the
// work, which ends when it next tells something.

/** `tell` says whether anybody listens still. Throws what the work throws, behind what it told before. */
export async function* relayed<T extends object>(
  work: (tell: (event: T) => boolean) => Promise<void>,
): AsyncGenerator<T, void> {
  const heard: T[] = []
  const state = { isLeft: false, end: null as { error: unknown } | null, wake: (): void => undefined }
  const ended = (error: unknown): void => {
    state.end = { error }
    state.wake()
  }
  const tell = (event: T): boolean => {
    heard.push(event)
    state.wake()
    return !state.isLeft
  }
  work(tell).then(() => ended(null), ended)
  try {
    for (;;) {
      for (let event = heard.shift(); event; event = heard.shift()) yield event
      if (state.end) break
      await new Promise<void>((resolve) => {
        state.wake = resolve
      })
    }
  } finally {
    state.isLeft = true
  }
  if (state.end.error !== null) throw state.end.error
}
