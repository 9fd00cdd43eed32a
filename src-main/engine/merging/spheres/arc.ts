// Spherical interpolation of two vectors, as the numbers that they are multiplied by (Shoemake, SIGGRAPH 1985):
//   x(t) = sin((1 - t) w) / sin w  a + sin(t w) / sin w  b,   cos w = <a, b> / |a| |b|
// Vectors that point one way or opposite ways have no arc; between them it is a line. What is 0 stands at a right angle
// to all.

/** `straight`: the |cos w| above which it is a line. */
export function arc(t: number, cosine: number, straight: number): [number, number] {
  if (!(Math.abs(cosine) <= straight)) return [1 - t, t]
  const angle = Math.acos(cosine)
  const sine = Math.sin(angle)
  return sine === 0 ? [1 - t, t] : [Math.sin((1 - t) * angle) / sine, Math.sin(t * angle) / sine]
}

/** In [-1, 1]; of a vector that is as good as 0, 0. */
export function cosineOf(dot: number, a: number, b: number, least = 1e-8): number {
  if (a <= least || b <= least) return 0
  return Math.max(-1, Math.min(1, dot / (a * b)))
}
