import { QueryClient } from '@tanstack/react-query';
import { ApiError } from '../api/documents';

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // What the server refused it refuses again; what was not reached may be back in a moment.
      retry: (failures, error) => failures < 1 && !(error instanceof ApiError && error.status !== null),
      staleTime: 5_000,
      // The server may be this very machine, which the browser's idea of "offline" knows nothing about.
      networkMode: 'always',
    },
  },
});
