// Every test runs in plain Node 24. Two workers at most, on two cores. After the quick tests come those that wait for
// processes and browsers of their own, which keep half a core busy each, three at a time; then trainings and
// measurements, whose times are printed and fail nothing. Time limits are guards against hanging, for all tests the
// same (test/patience.ts).
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'

import { patience, testPatience } from './test/patience.ts'

const processes = ['test/{e2e,faults,cli,cluster}/**/*.test.ts', 'test/{desktop,server,interop}/**/*.heavy.test.ts']
const heavy = ['test/{golden,bench}/**/*.test.ts', 'test/**/*.heavy.test.ts']
const renderer = ['test/renderer/**/*.test.ts']

export default defineConfig({
  test: {
    environment: 'node',
    maxWorkers: 2,
    globalSetup: ['test/bundles.ts'],
    testTimeout: testPatience,
    hookTimeout: testPatience,
    expect: { poll: { timeout: patience } },
    reporters: ['default', './build/tally-reporter.mjs'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...processes, ...heavy, ...renderer],
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        plugins: [svelte({ configFile: false })],
        resolve: { conditions: ['browser'] },
        test: { name: 'renderer', include: renderer, sequence: { groupOrder: 0 } },
      },
      { extends: true, test: { name: 'processes', include: processes, maxWorkers: 3, sequence: { groupOrder: 1 } } },
      {
        extends: true,
        test: {
          name: 'heavy',
          include: heavy,
          exclude: processes,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
