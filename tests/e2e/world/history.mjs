// Pages with a past, and what the server tells of it.
/** A question about the document of a tab: `history`, `at/3`, … */
export const ask = (server, tab, what, options) =>
  server.as(`/api/docs/${encodeURIComponent(tab.document)}/${what}`, options)

export const json = async (server, tab, what) => (await ask(server, tab, what)).json()

/** The newest place in the page's log. */
export const head = async (server, tab) => (await json(server, tab, 'history?limit=1')).head.seq

/** Only the words of a page at a moment, as others read them. */
export const textAt = async (server, tab, seq) =>
  (await ask(server, tab, `at/${seq}`, { headers: { accept: 'text/plain' } })).text()

/** Brings a moment back over HTTP, and returns the place of the restore. */
export async function restore (server, tab, to) {
  const answer = await ask(server, tab, 'restore', { method: 'POST', body: { to, by: 'Robot' } })
  return (await answer.json()).seq
}

/** A page with a title and three blocks, each typed in one go. */
export async function writePlan (tab, lines = ['Anna opens the hall.', 'The band plays at nine.', 'Tickets are at the door.'], title = 'Plan', saved = 'Saved') {
  await tab.title.click()
  await tab.page.keyboard.insertText(title)
  for (const line of lines) {
    await tab.page.keyboard.press('Enter')
    await tab.page.keyboard.insertText(line)
  }
  await tab.says(saved)
}
