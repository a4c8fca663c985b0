/** A process's heap, through the inspector of Node.js, after garbage collection. */
export async function connectToHeap(inspectorPort: number) {
  const targets = (await (await fetch(`http://127.0.0.1:${inspectorPort}/json/list`)).json()) as {
    webSocketDebuggerUrl: string
  }[]
  const socket = new WebSocket(targets[0]!.webSocketDebuggerUrl)
  await new Promise((resolve, reject) => Object.assign(socket, { onopen: resolve, onerror: reject }))
  let last = 0

  return { usedAfterCollection, close: () => socket.close() }

  /** @returns bytes */
  async function usedAfterCollection(): Promise<number> {
    await send('HeapProfiler.collectGarbage')
    return (await send('Runtime.getHeapUsage')).usedSize
  }

  function send(method: string): Promise<{ usedSize: number }> {
    const id = ++last
    return new Promise(resolve => {
      const listen = ({ data }: MessageEvent) => {
        const answer = JSON.parse(String(data)) as { id: number; result: { usedSize: number } }
        if (answer.id !== id) return
        socket.removeEventListener('message', listen)
        resolve(answer.result)
      }
      socket.addEventListener('message', listen)
      socket.send(JSON.stringify({ id, method }))
    })
  }
}
