/** `status` is null when the server could not be reached at all. `code` is the server's own word, where it gave one. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number | null,
    readonly code: string | null = null,
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

/** The server's word for what is wrong, from the body of a refusal. */
async function codeOf(response: Response): Promise<string | null> {
  try {
    const { error } = (await response.json()) as { error?: { code?: unknown } };
    return typeof error?.code === 'string' ? error.code : null;
  } catch {
    return null;
  }
}

/** Sends a request and lets only a good answer through; everything else is an `ApiError`, but for an abort. */
export async function request(path: string, options: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError('The server cannot be reached.', null);
  }
  if (!response.ok) {
    throw new ApiError(
      `The server answered ${response.status}.`,
      response.status,
      await codeOf(response.clone()),
    );
  }
  return response;
}
