import { LmuError } from "../../../errors.js";

/** Lines of Python that make a state dict of what PyTorch wrote otherwise. */
export const TORCH_LINES = {
  legacy: [
    "import torch",
    'state = torch.load("model.pt", map_location="cpu", weights_only=True)',
    'torch.save(state, "weights.pt")',
  ],
  objects: [
    "import torch",
    'model = torch.load("model.pt", map_location="cpu", weights_only=False)  # runs what is in the file: only if you trust it',
    'torch.save(model.state_dict(), "weights.pt")  # model["state_dict"] where the file is a dict with more in it',
  ],
  script: [
    "import torch",
    'model = torch.jit.load("model.pt", map_location="cpu")',
    'torch.save(model.state_dict(), "weights.pt")',
  ],
  program: [
    "import torch",
    'program = torch.export.load("model.pt2")',
    'torch.save(program.state_dict, "weights.pt")',
  ],
} as const;

/**
 * Refuses a file of PyTorch that is no state dict, with the lines that make one of it.
 *
 * @param got - what the file is, or holds
 * @throws LmuError format-invalid
 */
export function refuseWithAdvice(got: string, kind: keyof typeof TORCH_LINES): never {
  throw new LmuError(
    "format-invalid",
    `Cannot read the checkpoint: ${got}, expected a state_dict in a zip archive. Python makes one of it:`,
    { lines: TORCH_LINES[kind] },
  );
}
