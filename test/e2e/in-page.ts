// What is measured within a page, and what is let go over it, as the text that it runs.

/** Opens runs one after the other, each until it has drawn, and ends at a page without any. */
export const opening = (first: number, last: number): string => `(async () => {
  const painted = () => new Promise((resolve) => requestAnimationFrame(resolve))
  const until = async (seen) => { while (!seen()) await painted() }
  const title = () => document.querySelector('h1')?.textContent ?? ''
  for (let run = ${first}; run <= ${last}; run++) {
    location.hash = '#/run/' + run
    await until(() => title().endsWith('short ' + run) && document.querySelector('canvas'))
  }
  location.hash = '#/engine'
  await until(() => title() === 'Engine')
})()`

/** Milliseconds from the beginning of each of so many frames until the page is free again after it. */
export const frameWork = (count: number): string => `new Promise((resolve) => {
  const [frames, channel, began] = [[], new MessageChannel(), performance.now()]
  let at = 0
  channel.port1.onmessage = () => {
    frames.push(performance.now() - at)
    if (frames.length < ${count}) requestAnimationFrame(frame)
    else resolve({ frames, seconds: (performance.now() - began) / 1000 })
  }
  const frame = () => {
    at = performance.now()
    channel.port2.postMessage(null)
  }
  requestAnimationFrame(frame)
})`

/** What a person holds who drags a file of these bytes over the page. */
export function held(name: string, bytes: Uint8Array, modified = 1): string {
  const own = `Uint8Array.from(atob("${Buffer.from(bytes).toString('base64')}"), (letter) => letter.charCodeAt(0))`
  const file = `new File([${own}], ${JSON.stringify(name)}, { lastModified: ${modified} })`
  return `(() => { const held = new DataTransfer(); held.items.add(${file}); return held })()`
}
