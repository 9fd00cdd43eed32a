// Charts that show the same run take turns: one of them is drawn in a frame, so that however fast a run tells, a frame
// never has to draw them all. What is newest when a chart's turn comes is what it shows.

/** One getter a chart. Made in a component; ends with it. */
export function takeTurns<T>(source: () => T, charts: number): (() => T)[] {
  const shown = Array.from({ length: charts }, () => holding(source()))
  let [next, behind, frame] = [0, 0, 0]
  const draw = () => {
    shown[next]?.put(source())
    next = (next + 1) % charts
    behind--
    frame = behind > 0 ? requestAnimationFrame(draw) : 0
  }
  $effect(() => {
    void source()
    behind = charts
    frame ||= requestAnimationFrame(draw)
  })
  $effect(() => () => cancelAnimationFrame(frame))
  return shown.map(({ get }) => get)
}

function holding<T>(first: T): { get: () => T; put: (value: T) => void } {
  let value = $state.raw(first)
  return {
    get: () => value,
    put: (newer) => {
      value = newer
    },
  }
}
