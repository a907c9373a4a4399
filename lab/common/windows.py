"""Shows figures in windows until the user has closed them. picture.py runs this script, and can end it.

    python3 windows.py BACKEND < FIGURES

FIGURES is a pickled list of titles and figures; BACKEND is the user's choice of matplotlib's backends, or empty. Prints
'open' when the display has answered, or else one line that says why there are no windows, and ends with exit code 1.
"""

import os
import pickle
import sys


def main(backend: str):
    try:
        figures = pickle.load(sys.stdin.buffer)
        import matplotlib.pyplot as plt

        if backend:
            plt.switch_backend(backend)
        for number, (title, figure) in enumerate(figures):
            canvas = plt.figure(title, figsize=figure.get_size_inches(), dpi=figure.dpi).canvas
            if canvas.required_interactive_framework is None:  # matplotlib found nothing that opens windows
                raise RuntimeError(
                    f'no toolkit (tkinter or PyQt, say) opens one on {os.environ.get("DISPLAY", "here")}'
                )
            if number == 0:
                print('open', flush=True)
            figure.set_canvas(canvas)  # in place of the empty figure that the window was made with
            canvas.figure = figure
        plt.show()
    except Exception as error:
        print(' '.join(str(error).split()) or type(error).__name__)
        sys.exit(1)


if __name__ == '__main__':
    main(sys.argv[1])
