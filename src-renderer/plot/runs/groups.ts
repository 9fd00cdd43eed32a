// The places of a grouped list: a heading for each group, then its runs unless it is folded. Runs keep the numbers they
// have in the whole list, so that a page of them is the same page whichever groups are folded.
interface Group {
  key: string
  runs: number
}

export type GroupPlace = { group: number } | { run: number } // which group; which run of the list

export interface GroupPlaces {
  total: number
  at(place: number): GroupPlace | null
}

/** One after the other where there are no groups. */
export function placesOf(groups: readonly Group[], folded: ReadonlySet<string>, runs: number): GroupPlaces {
  if (groups.length === 0) return { total: runs, at: (place) => (place >= 0 && place < runs ? { run: place } : null) }
  const starts: { place: number; run: number }[] = []
  let [place, run] = [0, 0]
  for (const { key, runs: count } of groups) {
    starts.push({ place, run })
    place += 1 + (folded.has(key) ? 0 : count)
    run += count
  }
  return {
    total: place,
    at: (wanted) => {
      if (wanted < 0 || wanted >= place) return null
      const group = starts.findLastIndex((start) => start.place <= wanted)
      const start = starts[group] ?? { place: 0, run: 0 }
      return wanted === start.place ? { group } : { run: start.run + wanted - start.place - 1 }
    },
  }
}
