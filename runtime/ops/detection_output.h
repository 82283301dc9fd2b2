#ifndef VT_DETECTION_OUTPUT_H
#define VT_DETECTION_OUTPUT_H

#include "graph.h"

/* Detections of SSD networks: boxes decoded from their priors, thinned out for each class, best ones kept.
 * A row of the output is image, class, score, x1, y1, x2, y2; the first unused row begins with -1, the rest
 * is 0. */
int vt_detection_output_ref(struct vt_eval *e);

#endif
