// How long a test waits before it says that something hangs: minutes, on a machine that is busy with other things too.
// They are guards and measure nothing. vitest.config.ts gives them to every test, hook and poll, test/e2e/basil.ts to
// every page.

/** Milliseconds for a test or a hook. */
export const testPatience = 15 * 60_000

/** Milliseconds for one thing that a test waits for; less than a test has, so that it is named. */
export const patience = Number(process.env['TEST_PATIENCE'] ?? 5 * 60_000)
