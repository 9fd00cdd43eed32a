// Many small questions to the disk, a few at a time: a network disk takes its time for each, and thousands at once hold
// up everything else.

const atOnce = 8

/** work is given how many have begun before it. Stops at the first error. */
export async function eachOf<T>(all: readonly T[], work: (one: T, begun: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    for (let i = next++; i < all.length; i = next++) await work(all[i] as T, i)
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, all.length) }, worker))
}
