// Work as a tab shows it while another is in front: how far it is before the page's title, and as a ring in its icon.
export interface Signs {
  count: number // jobs at work
  share: number | null // of the first, 0 to 1; null: not known
  first: string // its name
}

/** "34 % · Run 1 · Basil"; the page's own title where nothing is at work. */
export function tabTitle(page: string, { count, share, first }: Signs): string {
  if (count === 0) return `${page} · Basil`
  const what = count === 1 ? first : `${count} jobs`
  return `${share === null ? '' : `${Math.floor(share * 100)} % · `}${what} · Basil`
}

const round = 2 * Math.PI * 6

/** A leaf-green dot; a ring round it that closes as the work goes on, dashed where it is not known how far it is. */
export function tabIcon({ count, share }: Signs): string {
  const done = Math.round((share ?? 0) * 20) / 20 // a new picture a twentieth, not a hundred a second
  const dashes = share === null ? '3 3' : `${(round * done).toFixed(2)} ${round.toFixed(2)}`
  const ring =
    count === 0
      ? ''
      : `<circle cx="8" cy="8" r="6" fill="none" stroke="#9fb5a5" stroke-width="3"/><circle cx="8" cy="8" r="6" fill="none" stroke="#24693d" stroke-width="3" stroke-dasharray="${dashes}" transform="rotate(-90 8 8)"/>`
  const dot = `<circle cx="8" cy="8" r="${count === 0 ? 6 : 2.5}" fill="#24693d"/>`
  const picture = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">${ring}${dot}</svg>`
  return `data:image/svg+xml,${encodeURIComponent(picture)}`
}
