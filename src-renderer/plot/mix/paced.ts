// Of sentences that change often the newest, at most once in so many milliseconds, and the last of them always: what is
// read out must not run behind a slider.
export interface Paced {
  tell(text: string): void
  end(): void
}

export function paced(say: (text: string) => void, each: number): Paced {
  let last = Number.NEGATIVE_INFINITY
  let timer: ReturnType<typeof setTimeout> | undefined
  const end = (): void => clearTimeout(timer)
  return {
    end,
    tell: (text) => {
      end()
      const speak = (): void => {
        last = performance.now()
        say(text)
      }
      timer = setTimeout(speak, Math.max(0, last + each - performance.now()))
    },
  }
}
