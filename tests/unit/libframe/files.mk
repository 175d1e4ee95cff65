# SPDX-License-Identifier: GPL-2.0-only
libframe/frame_test_LIBS := frame
