// How much one run may hold. Streams of random numbers (numbers/streams.ts) are laid out for as many, so a limit that
// is raised here is held against them by their test.
export const mostTasks = 64
export const mostIterations = 50
